#include "engine/output_ending.h"

#include <string.h>
#include <strings.h>

#include "audio/sound_file.h"
#include "core/file.h"

/* Endings by kind, as they stand in the message. What a text is not is listed instead of what it is. */
static const char NOT_TEXT[] = ".png, .jpg, .jpeg, .webp, .gif, .bmp, .tif, .tiff, .avif, .heic, .ico, .psd, .wav, .flac, .ogg, .oga, .opus, .mp3, .m4a, "
                               ".aac, .aif, .aiff, .wma, .mp4, .mkv, .webm, .mov, .avi, .pdf, .doc, .docx, .odt, .xls, .xlsx, .ods, .ppt, .pptx, .odp, "
                               ".epub, .mobi, .zip, .gz, .bz2, .xz, .zst, .7z, .rar, .tar, .npy, .npz, .gguf, .safetensors, .onnx, .bin, .pt, .pth, .exe, .so";

static const char *endings(output_kind kind)
{
    switch (kind) {
    case OUTPUT_TEXT: return NOT_TEXT;
    case OUTPUT_PICTURE: return ".png";
    case OUTPUT_SOUND: return sound_file_endings();
    case OUTPUT_SAMPLES: return ".raw, .pcm, .s16, .s16le";
    case OUTPUT_SRT: return ".srt";
    case OUTPUT_VTT: return ".vtt";
    case OUTPUT_ARRAY: return ".npy";
    case OUTPUT_JSON: return ".json";
    case OUTPUT_MODEL: return ".gguf";
    }
    return "";
}

static bool is_in(const char *ending, const char *list)
{
    size_t n = strlen(ending);
    for (const char *s = list; *s;) {
        size_t m = strcspn(s, ",");
        if (m == n && strncasecmp(s, ending, n) == 0) return true;
        s += m;
        s += strspn(s, ", ");
    }
    return false;
}

bool output_ending_check(output_kind kind, const char *option, const char *path, status *st)
{
    static const char *const NAMES[] = {"text", "a picture", "a sound", "samples without a header", "SubRip subtitles", "WebVTT subtitles", "a NumPy array", "JSON", "a GGUF file"};
    const char *ending = path ? file_ending(path) : "";
    if (!*ending || (kind == OUTPUT_TEXT && strcmp(ending, ".txt") == 0) || strcmp(path, "-") == 0 || is_in(ending, endings(kind)) != (kind == OUTPUT_TEXT)) return true;
    if (kind == OUTPUT_TEXT) return status_set(st, STATUS_USAGE, "%s %s: a %.20s file holds no text; .txt, .md or another ending of texts wanted", option, path, ending);
    return status_set(st, STATUS_USAGE, "%s %s: no %.20s can be written; for %s %s or no ending is wanted", option, path, ending, NAMES[kind], endings(kind));
}

bool output_default_check(const char *path, bool force, status *st)
{
    if (force || !file_exists(path)) return true;
    return status_set(st, STATUS_USAGE, "%s: is there already; -o %s or --force overwrites it, -o FILE names another", path, path);
}
