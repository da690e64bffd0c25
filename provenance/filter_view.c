#include "provenance/filter_view.h"

#include <stdint.h>
#include <string.h>

#include "text/tokenizer.h"
#include "text/tokenizer_unicode.h"

typedef struct {
    uint32_t first, last;
} range;

static bool is_in(uint32_t c, const range *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (c >= list[i].first && c <= list[i].last) return true;
    return false;
}

/* Controls but white space, default-ignorable characters (DerivedCoreProperties), private use, what stands for no character. */
static bool shows_nothing(uint32_t c)
{
    static const range LIST[] = {{0x00, 0x08},     {0x0E, 0x1F},     {0x7F, 0x84},     {0x86, 0x9F},     {0xAD, 0xAD},     {0x34F, 0x34F},
                                 {0x61C, 0x61C},   {0x115F, 0x1160}, {0x17B4, 0x17B5}, {0x180B, 0x180F}, {0x200B, 0x200F}, {0x202A, 0x202E},
                                 {0x2060, 0x206F}, {0x3164, 0x3164}, {0xE000, 0xF8FF}, {0xFE00, 0xFE0F}, {0xFEFF, 0xFEFF}, {0xFFA0, 0xFFA0},
                                 {0xFFF0, 0xFFFD}, {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A}, {0xE0000, 0xE0FFF}, {0xF0000, 0x10FFFF}};
    return is_in(c, LIST, sizeof LIST / sizeof LIST[0]);
}

/* The blocks of marks that go on any letter; those of scripts that write vowels so are none of them. */
static bool is_mark(uint32_t c)
{
    static const range LIST[] = {{0x300, 0x36F}, {0x483, 0x489}, {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF}, {0x20D0, 0x20FF}, {0xFE20, 0xFE2F}};
    return is_in(c, LIST, sizeof LIST / sizeof LIST[0]);
}

/* Letters that look like Latin ones (after Unicode Technical Standard 39, confusables): "character, letter" for each. */
static uint32_t lookalike(uint32_t c)
{
    static const char *const PAIRS[] = {
        "аa", "вb", "еe", "кk", "мm", "нh", "оo", "рp", "сc", "тt", "уy", "хx", "іi", "јj", "ѕs", "ԁd", "ԛq", "ԝw", "һh", "ьb", "гr", "пn",
        "АA", "ВB", "ЕE", "КK", "МM", "НH", "ОO", "РP", "СC", "ТT", "УY", "ХX", "ІI", "ЈJ", "ЅS", "Ԛq", "Ԝw", "Ьb",
        "αa", "βb", "εe", "ιi", "κk", "νv", "οo", "ρp", "τt", "υu", "χx", "γy", "ωw", "ηn",
        "ΑA", "ΒB", "ΕE", "ΖZ", "ΗH", "ΙI", "ΚK", "ΜM", "ΝN", "ΟO", "ΡP", "ΤT", "ΥY", "ΧX",
        "ᴀa", "ʙb", "ᴄc", "ᴅd", "ᴇe", "ꜰf", "ɢg", "ʜh", "ɪi", "ᴊj", "ᴋk", "ʟl", "ᴍm", "ɴn", "ᴏo", "ᴘp", "ʀr", "ꜱs", "ᴛt", "ᴜu", "ᴠv", "ᴡw", "ʏy", "ᴢz",
        "ıi", "ɑa", "ɡg", "øo", "Øo", "đd", "łl", "ƅb", "ɓb", "ɗd", "օo", "սu", "հh", "ոn"};
    if (c < 0x80) return c;
    if (c >= 0x1F150 && c <= 0x1F169) return 'a' + (c - 0x1F150); /* white on a black circle, on a black square, flags' letters */
    if (c >= 0x1F170 && c <= 0x1F189) return 'a' + (c - 0x1F170);
    if (c >= 0x1F1E6 && c <= 0x1F1FF) return 'a' + (c - 0x1F1E6);
    for (size_t i = 0; i < sizeof PAIRS / sizeof PAIRS[0]; i++) {
        uint32_t from;
        int n = tokenizer_unicode_char(PAIRS[i], strlen(PAIRS[i]), &from);
        if (from == c) return (unsigned char)PAIRS[i][n];
    }
    return c;
}

static bool is_plain(filter_view_kind kind, const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        unsigned char b = (unsigned char)text[i];
        if (b >= 0x7F || (b < ' ' && (b < 9 || b > 13)) || (kind == FILTER_VIEW_BARE && b == '_')) return false;
    }
    return true;
}

/* Appends the characters that show something. */
static void keep_shown(filter_view_kind kind, const char *text, size_t size, text_out *to)
{
    for (size_t i = 0; i < size && status_ok(to->st);) {
        uint32_t c;
        int n = tokenizer_unicode_char(text + i, size - i, &c);
        bool kept = n > 0 && !shows_nothing(c) && !(kind == FILTER_VIEW_BARE && is_mark(c));
        if (kept) text_out_bytes(to, text + i, (size_t)n);
        i += n > 0 ? (size_t)n : 1;
    }
}

static void put_bare(const char *text, size_t size, text_out *out)
{
    for (size_t i = 0; i < size && status_ok(out->st);) {
        uint32_t c;
        char bytes[4];
        int n = tokenizer_unicode_char(text + i, size - i, &c);
        i += n > 0 ? (size_t)n : 1;
        if (n == 0 || is_mark(c) || shows_nothing(c)) continue;
        text_out_bytes(out, bytes, (size_t)tokenizer_unicode_write(c == '_' ? ' ' : lookalike(c), bytes));
    }
}

bool filter_view(filter_view_kind kind, const char *text, size_t size, text_out *out)
{
    if (is_plain(kind, text, size)) return false;
    text_out shown = {.st = out->st};
    tokenizer_bytes normal = {0};
    keep_shown(kind, text, size, &shown);
    if (shown.size && status_ok(out->st))
        tokenizer_unicode_normalise(kind == FILTER_VIEW_BARE ? UNICODE_NFKD : UNICODE_NFKC, shown.data, shown.size, &normal, out->st);
    if (kind == FILTER_VIEW_BARE) put_bare(normal.data, normal.size, out);
    else text_out_bytes(out, normal.data, normal.size);
    text_out_free(&shown);
    tokenizer_bytes_free(&normal);
    return status_ok(out->st);
}
