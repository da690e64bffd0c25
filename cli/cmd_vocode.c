/* vocode: a mel spectrum (.npy) or the mel spectrum of a sound, back to sound. */
#include "cli/arguments.h"
#include "cli/command.h"

#include "engine/output_ending.h"
#include "engine/vocode_flags.h"
#include "core/alloc.h"

static void run(vocode_flags *f, status *st)
{
    op_ctx c = {.mem = arena_new(st), .st = st};
    vocoder *v = f->model && c.mem ? vocoder_open(f->model, st) : NULL;
    if (status_ok(st)) c.threads = pool_new((int)f->threads, st);
    if (c.threads) vocode_flags_run(f, v, NULL, &c);
    vocoder_free(v);
    pool_free(c.threads);
    arena_free(c.mem);
}

static bool check(vocode_flags *f, status *st)
{
    if (!output_ending_check(f->raw ? OUTPUT_SAMPLES : OUTPUT_SOUND, "-o", f->output, st) || !output_ending_check(OUTPUT_ARRAY, "--mel", f->mel, st)) return false;
    if (f->output) return true;
    f->output = f->raw ? "vocoded.raw" : "vocoded.wav";
    return output_default_check(f->output, f->force, st);
}

static const help_text HELP = {
    "aigc vocode [OPTION]… IN.npy|IN.wav",
    "Turns a mel spectrum (.npy), or that of a sound, into sound: by a vocoder's file (-m), or without one by the method of Griffin and Lim. It is "
    "written to vocoded.wav, unless -o names another file.",
    {{"aigc vocode hello.wav -o again.wav",
      "a sound to its mel spectrum and back"},
     {"aigc vocode hello.wav --mel hello.npy -o again.flac",
      "the same, and the spectrum is kept"}},
    "FILE"};

void cmd_vocode(int argc, char **argv, status *st)
{
    vocode_flags f = vocode_flags_default();
    option table[VOCODE_FLAG_COUNT];
    vocode_flags_table(&f, table);
    const char **words = alloc_zeroed((size_t)argc, sizeof *words, st);
    int count = 0;
    bool help = false;
    if (words && arguments_parse(table, argc, argv, &HELP, words, &count, &help, st) && !help) {
        f.input = words[0];
        if (count != 1) status_set(st, STATUS_USAGE, "%d inputs found, one .npy or sound file wanted, as in aigc vocode in.wav -o out.wav; --help lists the options", count);
        else if (check(&f, st)) run(&f, st);
    }
    alloc_free(words);
}
