#include "cli/help.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "engine/options.h"

enum { TEXT_COLUMN = 34, NARROW = 64, NARROW_INDENT = 10, LEAST_COLUMNS = 20, MOST_COLUMNS = 1000 };

static help_visitor visitor;
static void *visitor_arg;

void help_visit(help_visitor v, void *arg)
{
    visitor = v;
    visitor_arg = arg;
}

int help_columns(void)
{
    struct winsize size = {0};
    const char *said = getenv("COLUMNS");
    long columns = said ? strtol(said, NULL, 10) : 0;
    if (columns <= 0 && isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) columns = size.ws_col;
    if (columns <= 0) return isatty(STDOUT_FILENO) ? 80 : 0;
    return columns < LEAST_COLUMNS ? LEAST_COLUMNS : columns > MOST_COLUMNS ? MOST_COLUMNS : (int)columns;
}

size_t help_option_text(const option *o, char *to, size_t size)
{
    int n = snprintf(to, size, "%s%s%s", o->help, o->values ? ": " : "", o->values ? o->values : "");
    return n < 0 ? 0 : (size_t)n;
}

static int columns_of(const char *text, size_t size)
{
    int columns = 0;
    for (size_t i = 0; i < size; i++) columns += ((unsigned char)text[i] & 0xC0) != 0x80;
    return columns;
}

void help_print_words(FILE *out, const char *text, int at, int indent, int columns)
{
    bool first = true;
    while (*text) {
        size_t size = strcspn(text, " ");
        int width = columns_of(text, size);
        if (columns && !first && at + 1 + width > columns) {
            fprintf(out, "\n%*s", indent, "");
            at = indent;
        } else if (!first) {
            fputc(' ', out);
            at++;
        }
        fwrite(text, 1, size, out);
        at += width;
        first = false;
        text += size;
        text += strspn(text, " ");
    }
    fputc('\n', out);
}

static void print_option(const option *o, int columns)
{
    char left[96], text[HELP_LONGEST], letter[5] = "    ";
    bool narrow = columns && columns < NARROW;
    int indent = narrow ? NARROW_INDENT : TEXT_COLUMN;
    if (o->letter) snprintf(letter, sizeof letter, "-%c, ", o->letter);
    int width = snprintf(left, sizeof left, "  %s--%s%s%s", letter, o->name, o->metavar ? " " : "", o->metavar ? o->metavar : "");
    fputs(left, stdout);
    if (narrow || (columns && width + 1 >= indent)) printf("\n%*s", indent, "");
    else printf(" %*s", width + 1 < indent ? indent - width - 1 : 0, "");
    help_option_text(o, text, sizeof text);
    help_print_words(stdout, text, indent, indent, columns);
}

static void print_options(const option *table, int columns)
{
    for (const option *o = table; o->name; o++) {
        if (o->type != OPTION_GROUP) print_option(o, columns);
        else {
            putchar('\n');
            help_print_words(stdout, o->help, 0, 0, columns);
        }
    }
}

void help_print(const help_text *h, const option *table)
{
    int columns = help_columns();
    if (visitor) {
        visitor(visitor_arg, h, table);
        return;
    }
    printf("usage: ");
    help_print_words(stdout, h->usage, 7, 11, columns);
    putchar('\n');
    help_print_words(stdout, h->text, 0, 0, columns);
    if (table->name && table->type != OPTION_GROUP) putchar('\n');
    print_options(table, columns);
    print_options(options_common(), columns);
    printf("\nExamples:\n");
    for (int i = 0; i < HELP_EXAMPLES; i++) {
        printf("  %s\n      ", h->example[i].command);
        help_print_words(stdout, h->example[i].what, 6, 6, columns);
    }
}
