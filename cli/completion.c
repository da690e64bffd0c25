/* completion: the three scripts hold the same table, written as each shell wants it: which options a command has, and which
 * values an option or a command's words may have. Where nothing is known the shell completes files. */
#include "cli/completion.h"

#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/manual.h"
#include "engine/options.h"

typedef struct {
    size_t at; /* the command that is asked, in the table */
} place;

static const char *next_command(place *p) { return command_table()[p->at++].name; }

/* "a, b" as "a b" */
static void print_list(const char *list)
{
    for (; *list; list++)
        if (*list != ',') putchar(*list);
}

static void print_commands(const char *between)
{
    for (const command *c = command_table(); c->name; c++) printf("%s%s", c == command_table() ? "" : between, c->name);
}

static bool is_model(const char *metavar) { return metavar && strcmp(metavar, "MODEL") == 0; }

/* Text in single quotes; what a quote inside becomes differs. */
static void print_quoted(const char *before, const char *text, const char *quote)
{
    printf("'%s", before);
    for (; *text; text++) {
        if (*text == '\'') fputs(quote, stdout);
        else putchar(*text);
    }
    putchar('\'');
}

/* "    text:-m | text:--model) ", the beginning of a case in bash and zsh */
static void print_case(const char *name, const option *o)
{
    printf("    ");
    if (o->letter) printf("%s:-%c | ", name, o->letter);
    printf("%s:--%s) ", name, o->name);
}

/* ---- bash ---- */

static void bash_values(void *arg, const help_text *h, const option *table)
{
    const char *name = next_command(arg);
    (void)h;
    for (const option *o = table; o->name; o++) {
        if (o->type == OPTION_GROUP || o->type == OPTION_FLAG) continue;
        print_case(name, o);
        printf("values=\"");
        print_list(o->values ? o->values : "");
        printf("%s\" ;;\n", is_model(o->metavar) ? " $(_aigc_models)" : "");
    }
}

static void bash_options(void *arg, const help_text *h, const option *table)
{
    const char *name = next_command(arg);
    printf("    %s) options=\"", name);
    for (const option *o = table; o->name; o++)
        if (o->type != OPTION_GROUP) printf("--%s ", o->name);
    for (const option *o = options_common(); o->name; o++) printf("--%s%s", o->name, o[1].name ? " " : "\"");
    if (h->words && strcmp(h->words, "COMMAND") == 0) {
        printf(" words=\"");
        print_commands(" ");
        putchar('"');
    } else if (is_model(h->words)) printf(" words=\"$(_aigc_models)\"");
    else if (h->words && strcmp(h->words, "FILE") != 0) {
        printf(" words=\"");
        print_list(h->words);
        putchar('"');
    }
    printf(" ;;\n");
}

static void print_bash(status *st)
{
    printf("# bash completion for aigc: made by 'aigc help --completion bash'; docs/generate.sh writes it\n"
           "_aigc_models() { ls \"${AIGC_MODELS:-${XDG_DATA_HOME:-$HOME/.local/share}/aigc/models}\" 2>/dev/null; }\n"
           "_aigc() {\n"
           "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]} values=no options= words=\n"
           "    if [ \"$COMP_CWORD\" = 1 ]; then\n        COMPREPLY=($(compgen -W \"");
    print_commands(" ");
    printf(" --help --version\" -- \"$word\"))\n        return\n    fi\n"
           "    if [ \"$word\" = = ]; then word=; elif [ \"$before\" = = ]; then before=${COMP_WORDS[COMP_CWORD-2]}; fi\n"
           "    case $command:$before in\n");
    manual_visit(bash_values, &(place){0}, st);
    printf("    esac\n    if [ \"$values\" != no ]; then\n        COMPREPLY=($(compgen -W \"$values\" -- \"$word\"))\n        return\n    fi\n    case $command in\n");
    manual_visit(bash_options, &(place){0}, st);
    printf("    esac\n    case $word in\n    -*) COMPREPLY=($(compgen -W \"$options\" -- \"$word\")) ;;\n"
           "    *) COMPREPLY=($(compgen -W \"$words\" -- \"$word\")) ;;\n    esac\n}\n"
           "complete -o default -o bashdefault -F _aigc aigc\n");
}

/* ---- zsh ---- */

static void zsh_values(void *arg, const help_text *h, const option *table)
{
    const char *name = next_command(arg);
    (void)h;
    for (const option *o = table; o->name; o++) {
        if (o->type == OPTION_GROUP || o->type == OPTION_FLAG) continue;
        print_case(name, o);
        if (o->values || is_model(o->metavar)) {
            printf("compadd -- ");
            print_list(o->values ? o->values : "");
            printf("%s; ", is_model(o->metavar) ? " $(_aigc_models)" : "");
        }
        printf("_files; return ;;\n");
    }
}

static void zsh_options(void *arg, const help_text *h, const option *table)
{
    const char *name = next_command(arg);
    printf("    %s)\n        options=(", name);
    for (int common = 0; common < 2; common++)
        for (const option *o = common ? options_common() : table; o->name; o++) {
            if (o->type == OPTION_GROUP) continue;
            char begin[80];
            snprintf(begin, sizeof begin, "--%s:", o->name);
            printf("\n            ");
            print_quoted(begin, o->help, "'\\''");
        }
    printf("\n        )\n");
    if (h->words && strcmp(h->words, "COMMAND") == 0) {
        printf("        more=(");
        print_commands(" ");
        printf(")\n");
    } else if (is_model(h->words)) printf("        more=($(_aigc_models))\n");
    else if (h->words && strcmp(h->words, "FILE") != 0) {
        printf("        more=(");
        print_list(h->words);
        printf(")\n");
    }
    printf("        ;;\n");
}

static void print_zsh(status *st)
{
    printf("#compdef aigc\n# zsh completion for aigc: made by 'aigc help --completion zsh'; docs/generate.sh writes it\n"
           "_aigc_models() { ls \"${AIGC_MODELS:-${XDG_DATA_HOME:-$HOME/.local/share}/aigc/models}\" 2>/dev/null; }\n"
           "_aigc() {\n    local command=$words[2] before=$words[CURRENT-1]\n    local -a options more\n    if (( CURRENT == 2 )); then\n        options=(");
    for (const command *c = command_table(); c->name; c++) {
        char begin[40];
        snprintf(begin, sizeof begin, "%s:", c->name);
        printf("\n            ");
        print_quoted(begin, c->summary, "'\\''");
    }
    printf("\n        )\n        _describe command options\n        return\n    fi\n"
           "    if [[ $PREFIX == --*=* ]]; then\n        before=${PREFIX%%%%=*}\n        compset -P '*='\n    fi\n    case $command:$before in\n");
    manual_visit(zsh_values, &(place){0}, st);
    printf("    esac\n    case $command in\n");
    manual_visit(zsh_options, &(place){0}, st);
    printf("    esac\n    if [[ $PREFIX == -* ]]; then\n        _describe -o option options\n    else\n        (( $#more )) && compadd -- $more\n        _files\n    fi\n}\n"
           "_aigc \"$@\"\n");
}

/* ---- fish ---- */

static void print_fish_text(const char *text)
{
    putchar('\'');
    for (; *text; text++) printf(*text == '\'' || *text == '\\' ? "\\%c" : "%c", *text);
    putchar('\'');
}

static void fish_options(void *arg, const help_text *h, const option *table)
{
    const char *name = next_command(arg);
    for (int common = 0; common < 2; common++)
        for (const option *o = common ? options_common() : table; o->name; o++) {
            if (o->type == OPTION_GROUP) continue;
            printf("complete -c aigc -n '__aigc_is %s'", name);
            if (o->letter) printf(" -s %c", o->letter);
            printf(" -l %s", o->name);
            if (o->type != OPTION_FLAG) printf(" -r");
            if (o->values || is_model(o->metavar)) {
                printf(" -a '");
                print_list(o->values ? o->values : "");
                printf("%s'", is_model(o->metavar) ? " (__aigc_models)" : "");
            }
            printf(" -d ");
            print_fish_text(o->help);
            putchar('\n');
        }
    if (!h->words || strcmp(h->words, "FILE") == 0) return;
    printf("complete -c aigc -n '__aigc_is %s' -a '", name);
    if (is_model(h->words)) printf("(__aigc_models)");
    else if (strcmp(h->words, "COMMAND") == 0) print_commands(" ");
    else print_list(h->words);
    printf("'\n");
}

static void print_fish(status *st)
{
    printf("# fish completion for aigc: made by 'aigc help --completion fish'; docs/generate.sh writes it\n"
           "function __aigc_is\n    set -l words (commandline -opc)\n    test (count $words) -ge 2; and test $words[2] = $argv[1]\nend\n"
           "function __aigc_models\n    set -l folder $HOME/.local/share/aigc/models\n    set -q XDG_DATA_HOME; and set folder $XDG_DATA_HOME/aigc/models\n"
           "    set -q AIGC_MODELS; and set folder $AIGC_MODELS\n    ls $folder 2>/dev/null\nend\n");
    for (const command *c = command_table(); c->name; c++) {
        printf("complete -c aigc -n __fish_use_subcommand -f -a %s -d ", c->name);
        print_fish_text(c->summary);
        putchar('\n');
    }
    manual_visit(fish_options, &(place){0}, st);
}

void completion_print(const char *shell, status *st)
{
    static const char SHELLS[] = "bash, zsh, fish";
    if (strcmp(shell, "bash") == 0) print_bash(st);
    else if (strcmp(shell, "zsh") == 0) print_zsh(st);
    else if (strcmp(shell, "fish") == 0) print_fish(st);
    else status_set(st, STATUS_USAGE, "--completion: '%.40s' found, one of %s wanted%s", shell, SHELLS, nearest_in(shell, SHELLS).text);
}
