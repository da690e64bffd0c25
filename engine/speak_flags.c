#include "engine/speak_flags.h"

#include <math.h>
#include <string.h>

#include "audio/kokoro_voice.h"
#include "audio/sound_file.h"
#include "engine/model_path.h"
#include "engine/voice_list.h"
#include "core/alloc.h"
#include "core/file.h"

speak_flags speak_flags_default(void)
{
    return (speak_flags){.voice = voice_list_usual(), .speed = 1, .length_scale = 1, .sentence_silence = 0.2, .metadata = "full"};
}

static int append(option *table, const option *more, size_t bytes)
{
    memcpy(table, more, bytes);
    return (int)(bytes / sizeof *more);
}

/* What is said and by whom. */
static int sound_table(speak_flags *f, option *table)
{
    const option all[] = {
        {0, "", OPTION_GROUP, NULL, NULL, "Text: the words given, -f FILE, or standard input. [[həlˈO]] in it is said as these phonemes.", 0, 0, NULL},
        {'f', "file", OPTION_STRING, &f->file, "FILE", "read the text from FILE ('-': standard input)", 0, 0, NULL, .about = OPTION_READS},
        {0, "ssml", OPTION_FLAG, &f->ssml, NULL, "the text is SSML (speak, p, s, break, prosody rate, say-as, sub, phoneme)", 0, 0, NULL},
        {0, "pronunciations", OPTION_STRING, &f->pronunciations, "FILE", "words and how they are said, a line each: word, space, phonemes", 0, 0, NULL, .about = OPTION_READS | OPTION_LOADS | OPTION_INPUT},
        {0, "", OPTION_GROUP, NULL, NULL, "Voice", 0, 0, NULL},
        {0, "voice", OPTION_STRING, &f->voice, "NAME", "a name of --list-voices, a mixture (af_heart:0.6+bm_george:0.4), a folder, or a Piper voice FILE.onnx with FILE.onnx.json (af_heart where it is installed, else hibari)", 0, 0, NULL, "hibari, af_heart, am_michael, bf_emma, bm_george, joe", .about = OPTION_NAMED | OPTION_MODEL | OPTION_LOADS | OPTION_INPUT | OPTION_FOLDER},
        {0, "speaker", OPTION_STRING, &f->speaker, "NAME", "for --voice kokoro: a voice or a mixture (af_heart); for Piper voices of many speakers: a name or number (0)", 0, 0, NULL, .about = OPTION_CHOICE},
        {0, "speed", OPTION_REAL, &f->speed, "X", "2 is twice as fast (1)", 0.1, 10, NULL},
        {0, "length-scale", OPTION_REAL, &f->length_scale, "X", "2 is twice as slow (1)", 0.1, 10, NULL},
        {0, "noise-scale", OPTION_REAL, &f->noise_scale, "X", "Piper: variation of the sound (the voice's own)", 0, 4, &f->noise_scale_given},
        {0, "noise-w", OPTION_REAL, &f->noise_w, "X", "Piper: variation of the rhythm (the voice's own)", 0, 4, &f->noise_w_given},
        {0, "sentence-silence", OPTION_REAL, &f->sentence_silence, "SECONDS", "after each sentence; twice that after a paragraph (0.2)", 0, 60, NULL},
        {0, "label", OPTION_FLAG, &f->label, NULL, "begin with a rhythm that says AI-generated (AI in Morse code)", 0, 0, NULL},
        {0, "label-text", OPTION_STRING, &f->label_text, "TEXT", "begin with these words instead", 0, 0, NULL, .about = OPTION_WORDS | OPTION_RECORDED},
        {0, "filter", OPTION_STRING, &f->filter, "FILE", "hold words against the list in FILE: warn or refuse (exit code 5)", 0, 0, NULL, .about = OPTION_READS},
        {0, "metadata", OPTION_STRING, &f->metadata, "HOW", "what the file says of its making; hash: without the words; none: AI-generated, no more (full)", 0, 0, NULL, "full, hash, none", .about = OPTION_HOW | OPTION_LOADS},
        {'s', "seed", OPTION_INT, &f->seed, "N", "same seed, same samples (a fresh one, told on stderr)", 0, (double)OPTION_MOST_SEED, &f->seed_given, .about = OPTION_APART},
    };
    return append(table, all, sizeof all);
}

int speak_flags_job_table(speak_flags *f, option *table)
{
    table[0] = (option){0, "text", OPTION_STRING, &f->text, "TEXT", "what is said", 0, 0, NULL, .about = OPTION_WORDS | OPTION_RECORDED};
    int count = 1 + sound_table(f, table + 1);
    table[count++] = (option){0, "srt", OPTION_STRING, &f->srt, "FILE", "subtitles (SubRip) beside the sound: a name as \"out\" has it", 0, 0, NULL, .about = OPTION_WRITES};
    table[count++] = (option){0, "vtt", OPTION_STRING, &f->vtt, "FILE", "subtitles (WebVTT) beside the sound: a name as \"out\" has it", 0, 0, NULL, .about = OPTION_WRITES};
    return count;
}

void speak_flags_table(speak_flags *f, option table[SPEAK_FLAG_COUNT])
{
    const option rest[] = {
        {0, "", OPTION_GROUP, NULL, NULL, "Output", 0, 0, NULL},
        {'o', "output", OPTION_STRING, &f->output, "FILE", "the sound, in the format that its ending says; without one, and for -, standard output, WAV (speech.wav)", 0, 0, NULL, sound_file_endings(), .about = OPTION_WRITES},
        {0, "force", OPTION_FLAG, &f->force, NULL, "without -o: overwrite a speech.wav that is there", 0, 0, NULL, .about = OPTION_APART},
        {0, "raw", OPTION_FLAG, &f->raw, NULL, "samples alone: 16 bits, little-endian, one channel; to .raw, .pcm, .s16, .s16le or a name without an ending (speech.raw)", 0, 0, NULL, .about = OPTION_APART},
        {0, "list-voices", OPTION_FLAG, &f->list_voices, NULL, "print the voices that have a name: language, licence, size, and how to get them", 0, 0, NULL, .about = OPTION_APART},
        {0, "phonemes", OPTION_FLAG, &f->phonemes, NULL, "print the phonemes, a sentence a line, and make no sound", 0, 0, NULL, .about = OPTION_APART},
        {0, "json", OPTION_FLAG, &f->json, NULL, "print when each sentence, word and phoneme is said, as JSON", 0, 0, NULL, .about = OPTION_APART},
        {0, "srt", OPTION_STRING, &f->srt, "FILE", "write subtitles (SubRip)", 0, 0, NULL, .about = OPTION_WRITES},
        {0, "vtt", OPTION_STRING, &f->vtt, "FILE", "write subtitles (WebVTT)", 0, 0, NULL, .about = OPTION_WRITES},
        {'t', "threads", OPTION_INT, &f->threads, "N", "threads (0: one for each core)", 0, 1024, NULL, .about = OPTION_APART},
        {0, NULL, OPTION_GROUP, NULL, NULL, NULL, 0, 0, NULL},
    };
    append(table + sound_table(f, table), rest, sizeof rest);
}

voice_settings speak_flags_settings(const speak_flags *f)
{
    const char *speaker = f->speaker || !kokoro_voice_is_name(f->voice) ? f->speaker : f->voice;
    return (voice_settings){.speed = (float)(f->speed / f->length_scale), .speaker = speaker,
                            .noise_scale = f->noise_scale_given ? (float)f->noise_scale : NAN,
                            .noise_w = f->noise_w_given ? (float)f->noise_w : NAN};
}

char *speak_flags_voice(const speak_flags *f, status *st)
{
    return model_path_find(strcmp(f->voice, "heart") == 0 ? "hibari" : f->voice, st);
}

char *speak_flags_assets(const char *path)
{
    status absent = {0};
    char *own = file_is_folder(path) ? file_join(path, "vocab.json", &absent) : NULL;
    bool has = own && file_exists(own);
    alloc_free(own);
    return has ? alloc_string(path, strlen(path), &absent) : model_path_find("hibari", &absent);
}

char *speak_flags_heteronyms(void)
{
    status absent = {0};
    return model_path_find("heteronyms", &absent);
}
