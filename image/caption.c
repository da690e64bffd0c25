/* caption: the only file that knows FreeType. */
#include "image/caption.h"

#include <ft2build.h>
#include FT_FREETYPE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/utf8.h"

static const char *const FONTS[] = {
    "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf", "/usr/share/fonts/TTF/DejaVuSans.ttf",
    "/usr/share/fonts/dejavu-sans-fonts/DejaVuSans.ttf", "/usr/share/fonts/dejavu/DejaVuSans.ttf",
    "/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf", "/usr/share/fonts/noto/NotoSans-Regular.ttf",
    "/usr/share/fonts/truetype/liberation/LiberationSans-Regular.ttf", "/usr/local/share/fonts/DejaVuSans.ttf",
};

const char *caption_find_font(const char *path, status *st)
{
    const char *named = path ? path : getenv("AIGC_FONT");
    if (named && *named) {
        if (file_exists(named)) return named;
        status_set(st, STATUS_INPUT, "%s: no such font file", named);
        return NULL;
    }
    for (size_t i = 0; i < sizeof FONTS / sizeof FONTS[0]; i++)
        if (file_exists(FONTS[i])) return FONTS[i];
    status_set(st, STATUS_INPUT, "no font for captions found in /usr/share/fonts (DejaVu, Noto or Liberation Sans): install "
                                 "fonts-dejavu-core, or name one with --font or $AIGC_FONT");
    return NULL;
}

enum { MAX_TEXT = 4096, MAX_LINES = 64 };

/* A text in code points, broken into lines. */
typedef struct {
    uint32_t code[MAX_TEXT];
    int count;
    struct {
        int from, to;
        int width; /* pixels */
    } line[MAX_LINES];
    int line_count;
} layout;

/* The next code point of UTF-8 text, U+FFFD for bytes that are none; moves *s past it. */
static uint32_t next_code(const unsigned char **s)
{
    uint32_t first = *(*s)++;
    int more = first >= 0xF0 && first < 0xF8 ? 3 : first >= 0xE0 && first < 0xF0 ? 2 : first >= 0xC2 && first < 0xE0 ? 1 : 0;
    if (first < 0x80) return first;
    if (!more) return 0xFFFD;
    uint32_t code = first & (0x3Fu >> more);
    while (more--) {
        if ((**s & 0xC0) != 0x80) return 0xFFFD;
        code = code << 6 | (*(*s)++ & 0x3F);
    }
    return code;
}

static bool decode(layout *t, const char *text, status *st)
{
    const unsigned char *s = (const unsigned char *)text;
    while (*s) {
        if (t->count == MAX_TEXT) return status_set(st, STATUS_USAGE, "the caption is longer than %d characters", MAX_TEXT);
        uint32_t code = next_code(&s);
        if (code == '\r') continue;
        t->code[t->count++] = code == '\t' ? ' ' : code;
    }
    return true;
}

/* Is the character one that nobody sees: a control or format character, a variation selector? */
static bool is_unseen(uint32_t c)
{
    return c < ' ' || (c >= 0x7F && c < 0xA0) || c == 0xAD || c == 0x34F || c == 0x61C || (c >= 0x200B && c <= 0x200F) || (c >= 0x2028 && c <= 0x202E) ||
           (c >= 0x2060 && c <= 0x206F) || (c >= 0xFE00 && c <= 0xFE0F) || c == 0xFEFF || (c >= 0xE0000 && c <= 0xE0FFF);
}

/* Every character of the text has a glyph, or those without are named, each once and the first eight. */
static bool has_glyphs(FT_Face face, const layout *t, const char *font, status *st)
{
    enum { NAMED = 8 };
    char list[NAMED * 24] = "";
    uint32_t lacking[NAMED];
    size_t used = 0;
    int count = 0;
    for (int i = 0; i < t->count && count < NAMED; i++) {
        uint32_t c = t->code[i];
        bool told = c == 0xFFFD || is_unseen(c) || FT_Get_Char_Index(face, c) != 0;
        for (int k = 0; k < count && !told; k++) told = lacking[k] == c;
        if (c == 0xFFFD) return status_set(st, STATUS_INPUT, "the caption's character %d is no UTF-8", i + 1);
        if (told) continue;
        char shown[8] = "";
        shown[utf8_encode(c, shown)] = 0;
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%s (U+%04X)", count ? ", " : "", shown, (unsigned)c);
        lacking[count++] = c;
    }
    if (!count) return true;
    return status_set(st, STATUS_USAGE, "the font %s has no glyph for %s%s of the caption; --font FILE or $AIGC_FONT names one that has", font, list, count == NAMED ? ", …" : "");
}

static int advance(FT_Face face, uint32_t code)
{
    if (is_unseen(code) || FT_Load_Char(face, code, FT_LOAD_DEFAULT)) return 0;
    return (int)(face->glyph->advance.x >> 6);
}

static int width_of(FT_Face face, const layout *t, int from, int to)
{
    int width = 0;
    for (int i = from; i < to; i++) width += advance(face, t->code[i]);
    return width;
}

static bool add_line(layout *t, FT_Face face, int from, int to, status *st)
{
    if (t->line_count == MAX_LINES) return status_set(st, STATUS_USAGE, "the caption takes more than %d lines", MAX_LINES);
    while (to > from && t->code[to - 1] == ' ') to--;
    t->line[t->line_count].from = from;
    t->line[t->line_count].to = to;
    t->line[t->line_count++].width = width_of(face, t, from, to);
    return true;
}

/* Greedy: a line takes words until the next one would pass `room` pixels; a word that is wider alone is cut. */
static bool break_lines(layout *t, FT_Face face, int room, status *st)
{
    int from = 0, space = -1, width = 0;
    t->line_count = 0;
    for (int i = 0; i < t->count; i++) {
        if (t->code[i] == '\n') {
            if (!add_line(t, face, from, i, st)) return false;
            from = i + 1, space = -1, width = 0;
            continue;
        }
        if (t->code[i] == ' ') space = i;
        width += advance(face, t->code[i]);
        if (width <= room || i == from) continue;
        int end = space > from ? space : i;
        if (!add_line(t, face, from, end, st)) return false;
        from = end + (space > from), space = -1;
        width = width_of(face, t, from, i + 1);
    }
    return add_line(t, face, from, t->count, st);
}

/* Lays the glyph's coverage over the picture in one shade of grey; (x, y) is its origin on the baseline. */
static void draw_glyph(picture *p, const FT_GlyphSlot glyph, int64_t x, int64_t y, int shade)
{
    const FT_Bitmap *b = &glyph->bitmap;
    for (unsigned r = 0; r < b->rows; r++)
        for (unsigned k = 0; k < b->width; k++) {
            int64_t px = x + glyph->bitmap_left + k, py = y - glyph->bitmap_top + r;
            if (px < 0 || py < 0 || px >= p->width || py >= p->height) continue;
            int cover = b->buffer[(int64_t)r * b->pitch + k];
            uint8_t *to = p->pixel + (py * p->width + px) * 3;
            for (int i = 0; i < 3; i++) to[i] = (uint8_t)((to[i] * (255 - cover) + shade * cover + 127) / 255);
        }
}

static void draw_line(picture *p, FT_Face face, const layout *t, int line, int64_t x, int64_t y, int shade)
{
    for (int i = t->line[line].from; i < t->line[line].to; i++) {
        if (is_unseen(t->code[i]) || FT_Load_Char(face, t->code[i], FT_LOAD_RENDER)) continue;
        if (face->glyph->bitmap.pixel_mode == FT_PIXEL_MODE_GRAY) draw_glyph(p, face->glyph, x, y, shade);
        x += face->glyph->advance.x >> 6;
    }
}

static void darken(picture *p, int64_t left, int64_t top, int64_t width, int64_t height)
{
    for (int64_t y = top < 0 ? 0 : top; y < top + height && y < p->height; y++)
        for (int64_t i = (left < 0 ? 0 : left) * 3; i < (left + width) * 3 && i < p->width * 3; i++)
            p->pixel[y * p->width * 3 + i] = (uint8_t)(p->pixel[y * p->width * 3 + i] * 2 / 5);
}

static picture *draw(const picture *p, layout *t, FT_Face face, caption_place place, status *st)
{
    int em = (int)(face->size->metrics.height >> 6), ascent = (int)(face->size->metrics.ascender >> 6), margin = em / 2;
    if (!break_lines(t, face, (int)p->width - 2 * margin, st)) return NULL;
    int64_t height = (int64_t)t->line_count * em + margin;
    picture *to = picture_new(p->width, place == CAPTION_UNDER ? p->height + height : p->height, 3, st);
    if (!to) return NULL;
    memset(to->pixel, 255, (size_t)(to->width * to->height * 3));
    picture_paste(to, p, 0, 0);
    int64_t top = to->height - height, left = 0, width = to->width;
    if (place == CAPTION_CORNER) {
        width = 0;
        for (int i = 0; i < t->line_count; i++) width = t->line[i].width > width ? t->line[i].width : width;
        left = to->width - (width += margin);
    }
    if (place != CAPTION_UNDER) darken(to, left, top, width, height);
    for (int i = 0; i < t->line_count; i++)
        draw_line(to, face, t, i, left + (width - t->line[i].width) / 2, top + margin / 2 + (int64_t)i * em + ascent,
                  place == CAPTION_UNDER ? 0 : 255);
    return to;
}

/* An em of a 14th of the picture's width for captions, a 30th for labels, but readable. */
static double usual_size(const picture *p, caption_place place)
{
    double size = (double)p->width / (place == CAPTION_CORNER ? 30 : 14);
    return size < 9 ? 9 : size > 96 ? 96 : size;
}

/* The text in code points, and the font. What is opened is closed by close_font, also after a failure. */
typedef struct {
    layout *text;
    FT_Library library;
    FT_Face face;
} setting;

static bool open_font(setting *s, const char *text, const char *font, status *st)
{
    *s = (setting){.text = alloc_zeroed(1, sizeof *s->text, st)};
    if (!s->text || !decode(s->text, text, st)) return false;
    if (FT_Init_FreeType(&s->library)) return status_set(st, STATUS_NOMEM, "FreeType cannot be started");
    if (file_is_special(font)) return status_set(st, STATUS_INPUT, "%s: a pipe or device, a font file was wanted", font);
    if (FT_New_Face(s->library, font, 0, &s->face)) return status_set(st, STATUS_INPUT, "%s: not a font that FreeType can read", font);
    return has_glyphs(s->face, s->text, font, st);
}

static void close_font(setting *s)
{
    if (s->face) FT_Done_Face(s->face);
    if (s->library) FT_Done_FreeType(s->library);
    alloc_free(s->text);
}

bool caption_check(const char *text, const char *font, status *st)
{
    setting s;
    bool ok = open_font(&s, text, font, st);
    close_font(&s);
    return ok;
}

picture *caption_draw(const picture *p, const char *text, caption_place place, const char *font, double size, status *st)
{
    setting s;
    picture *to = NULL;
    if (size <= 0) size = usual_size(p, place);
    if (open_font(&s, text, font, st)) {
        if (FT_Set_Char_Size(s.face, 0, (FT_F26Dot6)(size * 64), 72, 72)) status_set(st, STATUS_INPUT, "%s: has no glyphs of %g pixels", font, size);
        else to = draw(p, s.text, s.face, place, st);
    }
    close_font(&s);
    return to;
}
