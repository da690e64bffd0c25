/* manual: one pass over the commands for their options, one for their examples; the rest of the page stands here. */
#include "cli/manual.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "engine/options.h"

void manual_visit(help_visitor visitor, void *arg, status *st)
{
    help_visit(visitor, arg);
    for (const command *c = command_table(); c->name && status_ok(st); c++) {
        char ask[] = "--help";
        char *words[] = {(char *)(uintptr_t)c->name, ask, NULL};
        c->run(2, words, st);
    }
    help_visit(NULL, NULL);
}

/* Text as troff takes it: no minus becomes a hyphen, no line a request. */
static void print_text(const char *text)
{
    for (const char *s = text; *s; s++) {
        if (*s == '-') fputs("\\-", stdout);
        else if (*s == '\\') fputs("\\e", stdout);
        else if ((*s == '.' || *s == '\'') && (s == text || s[-1] == '\n')) printf("\\&%c", *s);
        else putchar(*s);
    }
}

static void print_option(const option *o)
{
    char text[HELP_LONGEST];
    help_option_text(o, text, sizeof text);
    printf(".TP\n");
    if (o->letter) printf("\\fB\\-%c\\fR, ", o->letter);
    printf("\\fB\\-\\-");
    print_text(o->name);
    printf("\\fR");
    if (o->metavar) {
        printf(" \\fI");
        print_text(o->metavar);
        printf("\\fR");
    }
    putchar('\n');
    print_text(text);
    putchar('\n');
}

static void print_command(void *arg, const help_text *h, const option *table)
{
    (void)arg;
    printf(".SS ");
    print_text(h->usage);
    putchar('\n');
    print_text(h->text);
    putchar('\n');
    for (const option *o = table; o->name; o++) {
        if (o->type != OPTION_GROUP) print_option(o);
        else if (*o->help) {
            printf(".PP\n");
            print_text(o->help);
            putchar('\n');
        }
    }
}

static void print_examples(void *arg, const help_text *h, const option *table)
{
    (void)arg, (void)table;
    for (int i = 0; i < HELP_EXAMPLES; i++) {
        printf(".TP\n.B ");
        print_text(h->example[i].command);
        putchar('\n');
        print_text(h->example[i].what);
        putchar('\n');
    }
}

typedef struct {
    const char *name, *text;
} entry;

static const entry FILES[] = {
    {"~/.local/share/aigc/models", "Models that go by short names ($AIGC_MODELS; $XDG_DATA_HOME/aigc/models). samples/models.sh puts them there."},
    {"PREFIX/share/aigc/models", "The picture model that is installed with the program."},
    {"~/.cache/aigc/sha256, ~/.cache/aigc/rates.json", "Digests of models, so that they are not read for them again; what runs of jobs took, for aigc plan ($XDG_CACHE_HOME/aigc)."},
    {"FILE.origin.json", "How a text was made, beside it. Pictures and sounds hold it."},
    {"JOBFILE.journal", "What of a job file is done."},
    {"JOBFILE.output.jsonl, JOBFILE.answers/", "Answers to OpenAI requests of a job file, in its output folder."},
};

static const entry ENVIRONMENT[] = {
    {"AIGC_MODELS", "The folder of downloaded models, in place of the one under FILES."},
    {"AIGC_VOICE", "The voice that speaks where none is named, in place of af_heart where Kokoro is installed, else hibari."},
    {"AIGC_FONT", "The font of captions and labels (DejaVu Sans, where it is installed)."},
    {"AIGC_PRODUCER", "Who is named as the producer in the AIGC label of outputs (aigc)."},
    {"AIGC_KERNEL", "Forces a lower kernel level: c, avx2, avx512, avx512bf16, amx."},
    {"XDG_DATA_HOME, XDG_CACHE_HOME, HOME", "Where the folders under FILES lie."},
    {"TMPDIR", "Where aigc rerun makes what it only compares (/tmp)."},
    {"SOURCE_DATE_EPOCH", "The time that answers to OpenAI requests tell as created (0)."},
    {"SLURM_ARRAY_TASK_ID, SLURM_ARRAY_TASK_MIN, SLURM_ARRAY_TASK_COUNT", "The part of an array job that \"aigc batch --shard slurm\" does."},
    {"PATH", "Where espeak-ng is looked for, which gives Piper voices their phonemes."},
    {"COLUMNS", "The width of help texts (the terminal's)."},
};

static const entry EXITS[] = {
    {"0", "done"},
    {"1", "the run failed: no memory, a write error, a fault of ours; aigc rerun: the bytes differ"},
    {"2", "usage: an unknown command or option, a value out of range, an option given twice"},
    {"3", "the model or an input file is bad or missing"},
    {"4", "some jobs of a batch failed"},
    {"5", "refused by a filter"},
    {"130", "interrupted by Ctrl-C"},
};

static void print_entries(const char *title, const entry *e, size_t count)
{
    printf(".SH %s\n", title);
    for (size_t i = 0; i < count; i++) {
        printf(".TP\n.B ");
        print_text(e[i].name);
        putchar('\n');
        print_text(e[i].text);
        putchar('\n');
    }
}

void manual_print(status *st)
{
    printf(".\\\" Made by 'aigc help --man'; docs/generate.sh writes it.\n"
           ".TH AIGC 1 \"\" \"aigc\" \"User Commands\"\n.SH NAME\naigc \\- text, pictures and speech on a CPU\n"
           ".SH SYNOPSIS\n.B aigc\n.I COMMAND\n.RI [ OPTION ]...\n.SH DESCRIPTION\n");
    print_text("One program that makes text, pictures and speech from the model files that people already have. Texts go to standard output or to -o FILE; "
               "pictures and sounds go to -o FILE (- is standard output), or to a file in the current folder that is never overwritten unless --force says so. "
               "Everything else goes to standard error. The ending of a name says what is written, and is refused where that cannot be; a name without an "
               "ending gets the usual format: text, PNG, WAV.\n");
    printf(".PP\n");
    print_text("Options come in any order; -- ends them. Both spellings of a long option work (--top-k, --top_k), as do --top-k 4 and --top-k=4; --no-NAME takes "
               "back a flag. An option that is not called repeatable is given once. The same seed gives the same bytes on any number of threads.\n");
    printf(".SH COMMANDS\nEvery command has these options:\n");
    for (const option *o = options_common(); o->name; o++) print_option(o);
    manual_visit(print_command, NULL, st);
    printf(".SH EXAMPLES\n");
    manual_visit(print_examples, NULL, st);
    print_entries("FILES", FILES, sizeof FILES / sizeof FILES[0]);
    print_entries("ENVIRONMENT", ENVIRONMENT, sizeof ENVIRONMENT / sizeof ENVIRONMENT[0]);
    print_entries("EXIT STATUS", EXITS, sizeof EXITS / sizeof EXITS[0]);
    printf(".SH SEE ALSO\n.BR aplay (1),\n.BR espeak\\-ng (1),\n.BR redis\\-cli (1)\n.PP\n");
    print_text("The guide, and pages on pictures, voices, job files, origin and speed, lie in the folder docs of the source.\n");
}
