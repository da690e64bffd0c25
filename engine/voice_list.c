#include "engine/voice_list.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audio/kokoro_voice.h"
#include "engine/model_path.h"
#include "core/alloc.h"
#include "core/file.h"

/* Kokoro's, as kokoro-js 1.2.1 has them. */
static const char *const KOKORO[] = {
    "af_heart",   "af_alloy",    "af_aoede",  "af_bella",   "af_jessica", "af_kore",  "af_nicole",   "af_nova",      "af_river",    "af_sarah",    "af_sky",
    "am_adam",    "am_echo",     "am_eric",   "am_fenrir",  "am_liam",    "am_michael", "am_onyx",   "am_puck",      "am_santa",    "bf_alice",    "bf_emma",
    "bf_isabella", "bf_lily",    "bm_daniel", "bm_fable",   "bm_george",  "bm_lewis", "ef_dora",     "em_alex",      "em_santa",    "ff_siwis",    "hf_alpha",
    "hf_beta",    "hm_omega",    "hm_psi",    "if_sara",    "im_nicola",  "jf_alpha", "jf_gongitsune", "jf_nezumi",  "jf_tebukuro", "jm_kumo",     "pf_dora",
    "pm_alex",    "pm_santa",    "zf_xiaobei", "zf_xiaoni", "zf_xiaoxiao", "zf_xiaoyi", "zm_yunjian", "zm_yunxi",    "zm_yunxia",   "zm_yunyang",
};

/* Whether the file is in the models folder. */
static bool is_here(const char *file)
{
    status absent = {0};
    char *folder = model_path_folder(&absent), *path = folder ? file_join(folder, file, &absent) : NULL;
    bool here = path && file_exists(path);
    alloc_free(folder);
    alloc_free(path);
    return here;
}

static void print_row(const char *name, const char *language, const char *licence, const char *size, const char *where)
{
    printf("%-14s %-21s %-20s %-17s %s\n", name, language, licence, size, where);
}

static void print_kokoro(const char *name, bool model)
{
    char file[64], where[96];
    const char *language = kokoro_voice_language(name);
    bool said = language && strncmp(language, "en-", 3) == 0;
    snprintf(file, sizeof file, "kokoro/voices/%.40s.bin", name);
    snprintf(where, sizeof where, "%s%s", model && is_here(file) ? "installed" : "sh samples/models.sh kokoro", said ? "" : "; only English is read so far");
    print_row(name, kokoro_voice_language_name(name), "Apache-2.0", "92.4 MB + 0.5 MB", where);
}

void voice_list_print(status *st)
{
    const char *usual = voice_list_usual();
    print_row("voice", "language", "licence", "size", "where");
    print_row("hibari", "American English", "Apache-2.0", "16 MB", is_here("hibari/hibari.onnx") ? "installed" : "sh samples/models.sh hibari");
    bool model = is_here("kokoro/kokoro.onnx");
    for (size_t i = 0; i < sizeof KOKORO / sizeof KOKORO[0]; i++) print_kokoro(KOKORO[i], model);
    print_row("joe", "American English", "a research licence", "63 MB", is_here("joe/en_US-joe-medium.onnx.json") ? "installed" : "sh samples/models.sh joe");
    printf("\nUsed where none is named: %s. Mixtures: --voice af_heart:0.6+bm_george:0.4. A Piper voice: --voice FILE.onnx, FILE.onnx.json beside it.\n", usual);
    if (ferror(stdout)) status_set(st, STATUS_FAIL, "the list cannot be written");
}

const char *voice_list_usual(void)
{
    const char *wanted = getenv("AIGC_VOICE");
    if (wanted && *wanted) return wanted;
    bool kokoro = is_here("kokoro/kokoro.onnx") && is_here("kokoro/voices/" KOKORO_VOICE_USUAL ".bin") && is_here("hibari/vocab.json");
    return kokoro ? KOKORO_VOICE_USUAL : "hibari";
}
