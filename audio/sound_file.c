#include "audio/sound_file.h"

#include <errno.h>
#include <math.h>
#include <sndfile.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/file.h"

struct sound_file {
    file_output *out;
    SNDFILE *encoder; /* NULL: samples are written as they are */
    int type;         /* of the encoder */
    off_t begin;      /* where the encoder's part of the file begins */
    const sound_tags *tags;
    bool streamed;    /* to stdout */
    bool finish;      /* the encoder's file is changed when it is whole: its tags, an Ogg stream's number */
    uint64_t data_at, data_size; /* of a WAV file's samples; 0: no WAV file */
    const char *path; /* for messages; the caller's */
};

enum { PIECE = 4096, LONGEST = 1 << 28 }; /* samples converted at once; samples of a sound that is read: 3 hours */

static const struct {
    const char *ending;
    int format;
} FORMATS[] = {
    {".wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16},     {".flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_16},
    {".ogg", SF_FORMAT_OGG | SF_FORMAT_VORBIS},     {".oga", SF_FORMAT_OGG | SF_FORMAT_VORBIS},
    {".opus", SF_FORMAT_OGG | SF_FORMAT_OPUS},      {".mp3", SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III},
    {".aiff", SF_FORMAT_AIFF | SF_FORMAT_PCM_16},
};

const char *sound_file_endings(void) { return ".wav, .flac, .ogg, .oga, .opus, .mp3, .aiff"; }

/* 0: no known format. A name without an ending is a WAV file's. */
static int format_of(const char *path)
{
    const char *ending = file_ending(path);
    if (!*ending) return FORMATS[0].format;
    for (size_t i = 0; i < sizeof FORMATS / sizeof FORMATS[0]; i++)
        if (strcasecmp(ending, FORMATS[i].ending) == 0) return FORMATS[i].format;
    return 0;
}

/* libsndfile writes through these into the hidden temporary file, behind what stands before its part. */
static sf_count_t stream_length(void *user)
{
    sound_file *f = user;
    FILE *out = file_stream(f->out);
    off_t at = ftello(out);
    fseeko(out, 0, SEEK_END);
    off_t end = ftello(out);
    fseeko(out, at, SEEK_SET);
    return end - f->begin;
}

static sf_count_t stream_tell(void *user)
{
    sound_file *f = user;
    return ftello(file_stream(f->out)) - f->begin;
}

static sf_count_t stream_seek(sf_count_t offset, int whence, void *user)
{
    sound_file *f = user;
    if (whence == SEEK_SET) offset += f->begin;
    return fseeko(file_stream(f->out), offset, whence) == 0 ? stream_tell(user) : -1;
}

static sf_count_t stream_read(void *to, sf_count_t count, void *user)
{
    sound_file *f = user;
    return (sf_count_t)fread(to, 1, (size_t)count, file_stream(f->out));
}

static sf_count_t stream_write(const void *from, sf_count_t count, void *user)
{
    sound_file *f = user;
    return (sf_count_t)fwrite(from, 1, (size_t)count, file_stream(f->out));
}

/* ---- tags of encoded sound ---- */

static bool is_flac(int type) { return (type & SF_FORMAT_TYPEMASK) == SF_FORMAT_FLAC; }
static bool is_ogg(int type) { return (type & SF_FORMAT_TYPEMASK) == SF_FORMAT_OGG; }
static bool is_mpeg(int type) { return (type & SF_FORMAT_TYPEMASK) == SF_FORMAT_MPEG; }

static bool write_id3(sound_file *f, status *st)
{
    text_out tag = {.st = st};
    sound_tags_id3(f->tags, &tag);
    if (tag.data && fwrite(tag.data, 1, tag.size, file_stream(f->out)) == tag.size) f->begin = (off_t)tag.size;
    else status_set(st, STATUS_IO, "%s: cannot be written", f->path);
    text_out_free(&tag);
    return status_ok(st);
}

/* The one comment that libsndfile knows: a placeholder where it can be replaced, else the record. */
static bool set_comment(sound_file *f, status *st)
{
    char *text = f->finish ? sound_tags_placeholder(f->tags, st) : NULL;
    if (status_ok(st)) sf_set_string(f->encoder, SF_STR_COMMENT, text ? text : f->tags->record);
    alloc_free(text);
    return status_ok(st);
}

static bool open_encoder(sound_file *f, int rate, status *st)
{
    SF_VIRTUAL_IO io = {stream_length, stream_seek, stream_read, stream_write, stream_tell};
    SF_INFO info = {.samplerate = rate, .channels = 1, .format = f->type};
    if (f->tags && is_mpeg(f->type) && !write_id3(f, st)) return false;
    f->finish = (is_ogg(f->type) || (is_flac(f->type) && f->tags)) && fseeko(file_stream(f->out), 0, SEEK_CUR) == 0;
    f->encoder = sf_open_virtual(&io, SFM_WRITE, &info, f);
    if (!f->encoder) return status_set(st, STATUS_USAGE, "%s: cannot be written at %d Hz: %s", f->path, rate, sf_strerror(NULL));
    return !f->tags || is_mpeg(f->type) || set_comment(f, st);
}

/* ---- WAV ---- */

static void put_number(unsigned char *to, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++) to[i] = (unsigned char)(value >> (8 * i));
}

/* RIFF/WAVE, one channel of 16 bits, tags, and the head of the samples' chunk; of a length nobody knows yet. */
static bool write_wav_header(sound_file *f, int rate, status *st)
{
    unsigned char h[36] = "RIFF\xFF\xFF\xFF\xFFWAVEfmt ";
    put_number(h + 16, 16, 4);
    put_number(h + 20, 1, 2);
    put_number(h + 22, 1, 2);
    put_number(h + 24, (uint32_t)rate, 4);
    put_number(h + 28, (uint32_t)rate * 2, 4);
    put_number(h + 32, 2, 2);
    put_number(h + 34, 16, 2);
    text_out all = {.st = st};
    text_out_bytes(&all, h, sizeof h);
    if (f->tags) sound_tags_riff(f->tags, &all);
    text_out_bytes(&all, "data\xFF\xFF\xFF\xFF", 8);
    f->data_at = all.size;
    if (all.data) fwrite(all.data, 1, all.size, file_stream(f->out)); /* a failure stays in the stream until it is flushed */
    text_out_free(&all);
    return status_ok(st);
}

/* The lengths, now that they are known; where the output cannot go back, or they are too large, "until the end" stays. */
static void write_wav_lengths(sound_file *f)
{
    unsigned char number[4];
    FILE *out = file_stream(f->out);
    uint64_t all = f->data_at + f->data_size - 8;
    if (all >= UINT32_MAX || fseeko(out, 4, SEEK_SET) != 0) return;
    put_number(number, all, 4);
    fwrite(number, 1, 4, out);
    put_number(number, f->data_size, 4);
    if (fseeko(out, (off_t)f->data_at - 4, SEEK_SET) == 0) fwrite(number, 1, 4, out);
    fseeko(out, 0, SEEK_END);
}

sound_file *sound_file_create(const char *path, sound_format format, status *st)
{
    bool streamed = strcmp(path, "-") == 0;
    int type = format.raw ? 0 : streamed ? SF_FORMAT_WAV : format_of(path);
    if (!format.raw && !type) {
        status_set(st, STATUS_USAGE, "%s: the ending says no sound format; %s are known", path, sound_file_endings());
        return NULL;
    }
    sound_file *f = alloc_zeroed(1, sizeof *f, st);
    if (!f) return NULL;
    f->path = streamed ? "standard output" : path;
    f->streamed = streamed;
    f->type = type;
    f->tags = format.tags;
    f->out = file_create(path, st);
    bool wav = (type & SF_FORMAT_TYPEMASK) == SF_FORMAT_WAV;
    if (f->out && (!type || (wav ? write_wav_header(f, format.rate, st) : open_encoder(f, format.rate, st)))) return f;
    sound_file_abort(f);
    return NULL;
}

static sf_count_t no_length(void *arg)
{
    (void)arg;
    return 0;
}

static sf_count_t no_seek(sf_count_t offset, int whence, void *arg)
{
    (void)whence, (void)arg;
    return offset;
}

static sf_count_t no_read(void *to, sf_count_t count, void *arg)
{
    (void)to, (void)count, (void)arg;
    return 0;
}

static sf_count_t no_write(const void *from, sf_count_t count, void *arg)
{
    (void)from, (void)arg;
    return count;
}

static sf_count_t no_place(void *arg)
{
    (void)arg;
    return 0;
}

bool sound_file_check(const char *path, int rate, status *st)
{
    SF_VIRTUAL_IO io = {no_length, no_seek, no_read, no_write, no_place};
    SF_INFO info = {.samplerate = rate, .channels = 1, .format = format_of(path)};
    if (!info.format) return status_set(st, STATUS_USAGE, "%s: the ending says no sound format; .wav, .flac, .ogg, .opus, .mp3 are known", path);
    if ((info.format & SF_FORMAT_TYPEMASK) == SF_FORMAT_WAV) return true; /* written without the library, at any rate */
    SNDFILE *encoder = sf_open_virtual(&io, SFM_WRITE, &info, NULL);
    if (!encoder) return status_set(st, STATUS_USAGE, "%s: cannot be written at %d Hz: %s", path, rate, sf_strerror(NULL));
    sf_close(encoder);
    return true;
}

/* Says why: a full disk is told as such. */
static bool not_written(const sound_file *f, status *st)
{
    return status_set(st, STATUS_IO, "%s: cannot be written: %s", f->path, errno ? strerror(errno) : f->encoder ? sf_strerror(f->encoder) : strerror(EIO));
}

bool sound_file_write(sound_file *f, const float *samples, int64_t count, status *st)
{
    short piece[PIECE];
    errno = 0;
    for (int64_t from = 0; from < count; from += PIECE) {
        int64_t n = count - from < PIECE ? count - from : PIECE;
        for (int64_t i = 0; i < n; i++) {
            float v = samples[from + i] * 32767.0f;
            piece[i] = (short)lrintf(v > -32768.0f ? (v < 32767.0f ? v : 32767.0f) : -32768.0f); /* NaN: the lowest */
        }
        sf_count_t written = f->encoder ? sf_writef_short(f->encoder, piece, n)
                                        : (sf_count_t)fwrite(piece, sizeof *piece, (size_t)n, file_stream(f->out));
        f->data_size += (uint64_t)n * sizeof *piece;
        if (written != n) return not_written(f, st);
    }
    if (!f->encoder && fflush(file_stream(f->out)) != 0) return not_written(f, st);
    return true;
}

static bool finish_file(sound_file *f, status *st)
{
    status wrong = {0};
    FILE *out = file_stream(f->out);
    if (is_ogg(f->type) ? sound_tags_finish_ogg(f->tags, out, &wrong) : sound_tags_replace_flac(f->tags, out, &wrong)) return true;
    return status_set(st, wrong.code, "%s: %s", f->path, wrong.msg);
}

bool sound_file_commit(sound_file *f, status *st)
{
    int fault = f->encoder ? sf_close(f->encoder) : 0;
    f->encoder = NULL;
    if (fault) status_set(st, STATUS_IO, "%s: cannot be written: %s", f->path, sf_error_number(fault));
    if (f->finish && !fault) finish_file(f, st);
    if (f->data_at && !f->streamed) write_wav_lengths(f);
    file_output *out = f->out;
    alloc_free(f);
    if (status_ok(st)) return file_commit(out, st);
    file_abort(out);
    return false;
}

void sound_file_abort(sound_file *f)
{
    if (!f) return;
    if (f->encoder) sf_close(f->encoder);
    file_abort(f->out);
    alloc_free(f);
}

/* Frames of `channels` samples from the decoder's place on, averaged, until the end: the header's count is not trusted. */
static tensor *read_all(arena *mem, SNDFILE *decoder, const char *path, int channels, status *st)
{
    tensor *x = tensor_new(mem, st, DTYPE_F32, SHAPE(0));
    float *all = NULL; /* grows at the arena's end */
    float piece[PIECE];
    int64_t total = 0;
    for (sf_count_t n; x && (n = sf_readf_float(decoder, piece, PIECE / channels)) > 0; total += n) {
        all = total + n <= LONGEST ? arena_extend(mem, all, (size_t)(total + n) * sizeof(float), st) : NULL;
        if (!all) {
            status_set(st, STATUS_INPUT, "%s: longer than %d samples", path, LONGEST);
            return NULL;
        }
        for (sf_count_t i = 0; i < n; i++) {
            float sum = 0;
            for (int c = 0; c < channels; c++) sum += piece[i * channels + c];
            all[total + i] = sum / (float)channels;
        }
    }
    if (!x) return NULL;
    x->data = all;
    x->dim[0] = total;
    return x;
}

tensor *sound_file_read(arena *mem, const char *path, int *rate, status *st)
{
    SF_INFO info = {0};
    bool is_stdin = strcmp(path, "-") == 0;
    int fd = is_stdin ? STDIN_FILENO : file_open(path, st);
    if (fd < 0) return NULL;
    SNDFILE *decoder = sf_open_fd(fd, SFM_READ, &info, is_stdin ? SF_FALSE : SF_TRUE);
    if (!decoder) { /* which then has closed it */
        status_set(st, STATUS_INPUT, "%s: no sound that can be read: %s", path, sf_strerror(NULL));
        return NULL;
    }
    tensor *x = NULL;
    if (info.channels < 1 || info.channels > 64 || info.samplerate < 1)
        status_set(st, STATUS_INPUT, "%s: %d channels at %d Hz", path, info.channels, info.samplerate);
    else x = read_all(mem, decoder, path, info.channels, st);
    *rate = info.samplerate;
    sf_close(decoder);
    if (x && x->dim[0] > 0) return x;
    status_set(st, STATUS_INPUT, "%s: holds no sound", path);
    return NULL;
}
