/* image_file: the only file that knows libpng and libjpeg. */
#include "image/image_file.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jerror.h>
#include <jpeglib.h>
#include <png.h>

#include "core/alloc.h"
#include "core/file.h"
#include "image/orientation.h"

static const size_t FILE_LIMIT = (size_t)256 << 20;

/* A file of n bytes may ask for 8 MiB of pixels and for as many as the best compression could put into n bytes: deflate
 * makes 1032 bytes of one, and eight pixels may lie in a byte. A small file cannot ask for much memory. */
static bool size_is_plausible(uint64_t width, uint64_t height, uint64_t channels, size_t n, const char *name, status *st)
{
    if (width < 1 || height < 1 || width > IMAGE_FILE_MAX_SIDE || height > IMAGE_FILE_MAX_SIDE)
        return status_set(st, STATUS_INPUT, "%s: %llu by %llu pixels found, sides of 1 to %d wanted", name,
                          (unsigned long long)width, (unsigned long long)height, IMAGE_FILE_MAX_SIDE);
    if (width * height * channels > ((uint64_t)8 << 20) + (uint64_t)n * 1032 * 8)
        return status_set(st, STATUS_INPUT, "%s: its header promises %llu by %llu pixels, which %zu bytes cannot hold", name,
                          (unsigned long long)width, (unsigned long long)height, n);
    return true;
}

/* ---- PNG, reading ---- */

/* What libpng's callbacks reach: the bytes, and where an error goes. */
typedef struct {
    const unsigned char *data;
    size_t size, at;
    const char *name;
    status *st;
    FILE *out;
} png_job;

static void on_png_error(png_structp png, png_const_charp message)
{
    png_job *j = png_get_error_ptr(png);
    status_set(j->st, j->out ? STATUS_IO : STATUS_INPUT, "%s: PNG: %s", j->name, message);
    longjmp(png_jmpbuf(png), 1);
}

static void on_png_warning(png_structp png, png_const_charp message) { (void)png, (void)message; }

/* A chunk cannot be longer than its file, whatever its header says, and rows take no more than some 128 KiB. */
static png_voidp on_png_alloc(png_structp png, png_alloc_size_t n)
{
    const png_job *j = png_get_mem_ptr(png);
    return j->data && n > j->size + ((size_t)1 << 20) ? NULL : alloc_for_library(n);
}

static void on_png_free(png_structp png, png_voidp p)
{
    (void)png;
    alloc_free(p);
}

static void on_png_read(png_structp png, png_bytep to, size_t n)
{
    png_job *j = png_get_io_ptr(png);
    if (n > j->size - j->at) png_error(png, "the file ends too early");
    memcpy(to, j->data + j->at, n);
    j->at += n;
}

/* Asks libpng for 8-bit grey, grey and alpha, RGB or RGBA, whichever the file comes nearest to. Colours stay as they are
 * stored: what libpng does with gAMA and sRGB chunks when it lays over or makes grey would make equal pixels unequal. */
static void set_transforms(png_structp png)
{
    png_set_expand(png); /* palettes to RGB, fewer than 8 bits to 8, tRNS to alpha */
    png_set_scale_16(png);
    png_set_interlace_handling(png);
}

/* Luma of ITU-R BT.601, 7, as Pillow rounds it. */
static uint8_t luma(const uint8_t *rgb) { return (uint8_t)((rgb[0] * 19595u + rgb[1] * 38470u + rgb[2] * 7471u + 0x8000u) >> 16); }

/* count pixels of 1 to 4 channels (the last of 2 and 4 is alpha) laid over white, with 1 or 3 channels. */
static void lay_over_white(const uint8_t *from, int has, uint8_t *to, int channels, int64_t count)
{
    for (int64_t i = 0; i < count; i++, from += has, to += channels) {
        unsigned alpha = has == 2 || has == 4 ? from[has - 1] : 255;
        uint8_t rgb[3];
        for (int k = 0; k < 3; k++) rgb[k] = (uint8_t)((from[has < 3 ? 0 : k] * alpha + 255 * (255 - alpha) + 127) / 255);
        if (channels == 3) memcpy(to, rgb, 3);
        else *to = has < 3 ? rgb[0] : luma(rgb);
    }
}

/* What is held while libpng reads; the caller's, since a longjmp loses locals. */
typedef struct {
    picture *p;
    uint8_t *stored; /* pixels as libpng gives them */
    png_bytep *row;
    int orientation;
} png_held;

static void read_png_rows(png_structp png, png_infop info, png_job *j, int channels, png_held *h)
{
    png_set_read_fn(png, j, on_png_read);
    png_set_user_limits(png, IMAGE_FILE_MAX_SIDE, IMAGE_FILE_MAX_SIDE);
    png_set_chunk_cache_max(png, 64);
    png_set_chunk_malloc_max(png, 8 << 20);
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, 0);
    png_read_info(png, info);
    uint32_t width = png_get_image_width(png, info), height = png_get_image_height(png, info), exif_size = 0;
    png_bytep exif = NULL;
    if (!size_is_plausible(width, height, 4, j->size, j->name, j->st)) return;
    set_transforms(png);
    png_read_update_info(png, info);
    int has = png_get_channels(png, info);
    size_t stride = (size_t)width * (size_t)has;
    if (has < 1 || has > 4 || png_get_rowbytes(png, info) != stride) png_error(png, "an unexpected pixel format");
    h->p = picture_new(width, height, channels, j->st);
    h->stored = h->p ? alloc_array(height, stride, j->st) : NULL;
    h->row = h->stored ? alloc_array(height, sizeof *h->row, j->st) : NULL;
    if (!h->row) return;
    for (uint32_t y = 0; y < height; y++) h->row[y] = h->stored + y * stride;
    png_read_image(png, h->row);
    png_read_end(png, info);
    if (png_get_eXIf_1(png, info, &exif_size, &exif)) h->orientation = orientation_of_exif(exif, exif_size);
    lay_over_white(h->stored, has, h->p->pixel, channels, (int64_t)width * height);
}

static picture *decode_png(const void *data, size_t size, const char *name, int channels, status *st)
{
    png_job job = {.data = data, .size = size, .name = name, .st = st};
    png_structp png = png_create_read_struct_2(PNG_LIBPNG_VER_STRING, &job, on_png_error, on_png_warning, &job, on_png_alloc, on_png_free);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    png_held held = {.orientation = 1};
    png_held *volatile h = &held; /* what it points to is in memory whatever setjmp's caller keeps in registers */
    if (!info) status_set(st, STATUS_NOMEM, "%s: out of memory", name);
    else if (setjmp(png_jmpbuf(png)) == 0) read_png_rows(png, info, &job, channels, h);
    png_destroy_read_struct(&png, &info, NULL);
    alloc_free(h->row);
    alloc_free(h->stored);
    if (status_ok(st)) return orientation_apply(h->p, h->orientation, st);
    picture_free(h->p);
    return NULL;
}

/* ---- JPEG, reading ---- */

/* libjpeg's error manager and where its callbacks go on; the manager is first, so that one pointer is both. */
typedef struct {
    struct jpeg_error_mgr manager;
    jmp_buf back;
    const char *name;
    status *st;
} jpeg_job;

static void on_jpeg_error(j_common_ptr jpeg)
{
    jpeg_job *j = (jpeg_job *)jpeg->err;
    char message[JMSG_LENGTH_MAX];
    jpeg->err->format_message(jpeg, message);
    status_set(j->st, STATUS_INPUT, "%s: JPEG: %s", j->name, message);
    longjmp(j->back, 1);
}

/* A warning (level −1) says that pixels were guessed: a cut or damaged file. Bytes too many between markers are harmless. */
static void on_jpeg_message(j_common_ptr jpeg, int level)
{
    if (level < 0 && jpeg->err->msg_code != JWRN_EXTRANEOUS_DATA) on_jpeg_error(jpeg);
}

/* A progressive file may hold any number of scans over all pixels: more than any encoder writes are an attack on our time. */
static void on_jpeg_progress(j_common_ptr jpeg)
{
    enum { MAX_SCANS = 200 };
    if (jpeg->is_decompressor && ((j_decompress_ptr)jpeg)->input_scan_number > MAX_SCANS) {
        jpeg->err->msg_code = JERR_BAD_SCAN_SCRIPT;
        jpeg->err->msg_parm.i[0] = MAX_SCANS;
        on_jpeg_error(jpeg);
    }
}

/* What is held while libjpeg reads; the caller's, since a longjmp loses locals. */
typedef struct {
    picture *p;
    uint8_t *row; /* of four inks */
    int orientation;
} jpeg_held;

/* The orientation of the first EXIF segment. */
static int read_orientation(const struct jpeg_decompress_struct *jpeg)
{
    static const char EXIF[6] = "Exif\0";
    for (const struct jpeg_marker_struct *m = jpeg->marker_list; m; m = m->next)
        if (m->data_length > sizeof EXIF && memcmp(m->data, EXIF, sizeof EXIF) == 0) return orientation_of_exif(m->data + sizeof EXIF, m->data_length - sizeof EXIF);
    return 1;
}

/* Inks as print programs store them, 255 being none: what is left of the light is the product of what cyan (or magenta, or
 * yellow) and black leave. The profile that a press would go by is not asked. */
static void mix_inks(const uint8_t *cmyk, uint8_t *to, int channels, int64_t count)
{
    for (int64_t i = 0; i < count; i++, cmyk += 4, to += channels) {
        uint8_t rgb[3];
        for (int k = 0; k < 3; k++) rgb[k] = (uint8_t)((cmyk[k] * cmyk[3] + 127) / 255);
        if (channels == 3) memcpy(to, rgb, 3);
        else *to = luma(rgb);
    }
}

static void read_jpeg_rows(struct jpeg_decompress_struct *jpeg, jpeg_job *j, const void *data, size_t size, int channels, jpeg_held *h)
{
    jpeg_mem_src(jpeg, data, (unsigned long)size);
    jpeg_save_markers(jpeg, JPEG_APP0 + 1, 0xFFFF);
    jpeg_read_header(jpeg, TRUE);
    /* Progressive files need their coefficients in memory, some six bytes a pixel beside the picture. */
    if (!size_is_plausible(jpeg->image_width, jpeg->image_height, 9, size, j->name, j->st)) return;
    h->orientation = read_orientation(jpeg);
    jpeg->mem->max_memory_to_use = (long)jpeg->image_width * (long)jpeg->image_height * 12 + (16L << 20);
    bool inks = jpeg->jpeg_color_space == JCS_CMYK || jpeg->jpeg_color_space == JCS_YCCK;
    jpeg->out_color_space = inks ? JCS_CMYK : channels == 3 ? JCS_RGB : JCS_GRAYSCALE;
    jpeg_start_decompress(jpeg);
    picture *p = h->p = picture_new(jpeg->output_width, jpeg->output_height, channels, j->st);
    if (p && inks) h->row = alloc_array((size_t)p->width, 4, j->st);
    if (!status_ok(j->st)) return;
    while (jpeg->output_scanline < jpeg->output_height) {
        uint8_t *to = p->pixel + (int64_t)jpeg->output_scanline * p->width * channels;
        JSAMPROW row = inks ? h->row : to;
        jpeg_read_scanlines(jpeg, &row, 1);
        if (inks) mix_inks(h->row, to, channels, p->width);
    }
    jpeg_finish_decompress(jpeg);
}

static picture *decode_jpeg(const void *data, size_t size, const char *name, int channels, status *st)
{
    struct jpeg_decompress_struct jpeg = {0};
    struct jpeg_progress_mgr progress = {.progress_monitor = on_jpeg_progress};
    jpeg_job job = {.name = name, .st = st};
    jpeg_held held = {.orientation = 1};
    jpeg_held *volatile h = &held;
    jpeg.err = jpeg_std_error(&job.manager);
    job.manager.error_exit = on_jpeg_error;
    job.manager.emit_message = on_jpeg_message;
    if (setjmp(job.back) == 0) {
        jpeg_create_decompress(&jpeg);
        jpeg.progress = &progress;
        read_jpeg_rows(&jpeg, &job, data, size, channels, h);
    }
    jpeg_destroy_decompress(&jpeg);
    alloc_free(h->row);
    if (status_ok(st)) return orientation_apply(h->p, h->orientation, st);
    picture_free(h->p);
    return NULL;
}

picture *image_file_decode(const void *data, size_t size, const char *name, int channels, status *st)
{
    static const unsigned char PNG[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
    const unsigned char *first = data;
    if (size >= 8 && memcmp(first, PNG, 8) == 0) return decode_png(data, size, name, channels, st);
    if (size >= 3 && first[0] == 0xFF && first[1] == 0xD8 && first[2] == 0xFF) return decode_jpeg(data, size, name, channels, st);
    status_set(st, STATUS_INPUT, "%s: neither a PNG nor a JPEG file", name);
    return NULL;
}

picture *image_file_read(const char *path, int channels, status *st)
{
    size_t size;
    char *data = file_read(path, FILE_LIMIT, &size, st);
    if (!data) return NULL;
    picture *p = image_file_decode(data, size, path, channels, st);
    alloc_free(data);
    return p;
}

/* ---- PNG, writing ---- */

static void on_png_write(png_structp png, png_bytep from, size_t n)
{
    png_job *j = png_get_io_ptr(png);
    fwrite(from, 1, n, j->out); /* a failure stays in the stream until it is committed */
}

static void on_png_flush(png_structp png) { (void)png; }

static bool is_ascii(const char *s)
{
    while (*s > 0) s++;
    return !*s;
}

static void write_text(png_structp png, png_infop info, const image_file_text *text, int count)
{
    for (int i = 0; i < count; i++) {
        png_text chunk = {.compression = is_ascii(text[i].text) ? PNG_TEXT_COMPRESSION_NONE : PNG_ITXT_COMPRESSION_NONE,
                          .key = (png_charp)(uintptr_t)text[i].keyword,
                          .text = (png_charp)(uintptr_t)text[i].text};
        size_t size = strlen(text[i].text);
        if (chunk.compression == PNG_TEXT_COMPRESSION_NONE) chunk.text_length = size;
        else chunk.itxt_length = size;
        png_set_text(png, info, &chunk, 1);
    }
}

static void write_png(png_structp png, png_infop info, png_job *j, const picture *p, const image_file_text *text, int count)
{
    png_set_write_fn(png, j, on_png_write, on_png_flush);
    png_set_IHDR(png, info, (png_uint_32)p->width, (png_uint_32)p->height, 8, p->channels == 3 ? PNG_COLOR_TYPE_RGB : PNG_COLOR_TYPE_GRAY,
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_set_compression_level(png, 6);
    write_text(png, info, text, count);
    png_write_info(png, info);
    for (int64_t y = 0; y < p->height; y++) png_write_row(png, p->pixel + y * p->width * p->channels);
    png_write_end(png, info);
}

bool image_file_write_png(FILE *to, const picture *p, const image_file_text *text, int text_count, status *st)
{
    png_job job = {.name = "the output", .st = st, .out = to};
    png_structp png = png_create_write_struct_2(PNG_LIBPNG_VER_STRING, &job, on_png_error, on_png_warning, &job, on_png_alloc, on_png_free);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    if (!info) status_set(st, STATUS_NOMEM, "writing a PNG file: out of memory");
    else if (setjmp(png_jmpbuf(png)) == 0) write_png(png, info, &job, p, text, text_count);
    png_destroy_write_struct(&png, &info);
    return status_ok(st);
}
