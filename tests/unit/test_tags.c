/* The tags of AIFF, GIF, TIFF and of EXIF comments of every type: read when they are whole, and never past an end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "provenance/provenance.h"
#include "core/alloc.h"
#include "core/text_out.h"

static const char SETTINGS[] = "a cat\nSteps: 20, Sampler: Euler, Seed: 1, Version: v1.9";
static const char XMP[] = "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\"><rdf:Description "
                          "xmlns:Iptc4xmpExt=\"http://iptc.org/std/Iptc4xmpExt/2008-02-29/\" "
                          "Iptc4xmpExt:DigitalSourceType=\"http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia\"/></rdf:RDF></x:xmpmeta>";

static void big(text_out *t, size_t x) { text_out_bytes(t, (unsigned char[]){(unsigned char)(x >> 24), (unsigned char)(x >> 16), (unsigned char)(x >> 8), (unsigned char)x}, 4); }

static void small(text_out *t, size_t x, int bytes)
{
    for (int i = 0; i < bytes; i++) text_out_bytes(t, (unsigned char[]){(unsigned char)(x >> 8 * i)}, 1);
}

static void aiff(text_out *t, const char *id, const char *head, const char *text)
{
    size_t n = strlen(head) + strlen(text);
    text_out_add(t, "FORM");
    big(t, n + n % 2 + 12);
    text_out_add(t, "AIFF");
    text_out_add(t, id);
    big(t, n);
    text_out_add(t, head);
    text_out_add(t, text);
    if (n % 2) text_out_bytes(t, "", 1);
}

static void gif_begin(text_out *t)
{
    text_out_bytes(t, "GIF89a\1\0\1\0\x80\0\0\0\0\0\xFF\xFF\xFF", 19);
}

static void gif_end(text_out *t) { text_out_bytes(t, "\x2C\0\0\0\0\1\0\1\0\0\2\2\x44\1\0\x3B", 16); }

static void gif_comment(text_out *t, const char *text)
{
    gif_begin(t);
    text_out_bytes(t, "\x21\xFE", 2);
    for (size_t n = strlen(text), at = 0, k; at < n; at += k) {
        k = n - at < 20 ? n - at : 20;
        small(t, k, 1);
        text_out_bytes(t, text + at, k);
    }
    small(t, 0, 1);
    gif_end(t);
}

static void gif_xmp(text_out *t)
{
    gif_begin(t);
    text_out_bytes(t, "\x21\xFF\x0BXMP DataXMP", 14);
    text_out_add(t, XMP);
    small(t, 1, 1);
    for (int i = 255; i >= 0; i--) small(t, (size_t)i, 1);
    small(t, 0, 1);
    gif_end(t);
}

/* One entry in the first folder; inside: in the EXIF folder instead. */
static void tiff(text_out *t, unsigned tag, unsigned type, bool inside, const char *head, size_t head_size, const char *text)
{
    size_t n = head_size + strlen(text);
    text_out_bytes(t, "II*\0\x08\0\0\0", 8);
    for (int k = inside ? 0 : 1; k < 2; k++) {
        small(t, 1, 2);
        small(t, k ? tag : 0x8769, 2);
        small(t, k ? type : 4, 2);
        small(t, k ? n : 1, 4);
        small(t, t->size + 8, 4); /* what follows the folder */
        small(t, 0, 4);
    }
    text_out_bytes(t, head, head_size);
    text_out_add(t, text);
}

static void hold(text_out *t, const char *container, const char *by)
{
    status st = {0};
    json_t *report = provenance_read_bytes(t->data, t->size, &st);
    assert_non_null(report);
    assert_string_equal(json_string_value(json_object_get(report, "container")), container);
    if (!json_is_true(json_object_get(report, "generated"))) fail_msg("%s says nothing", container);
    if (by) assert_non_null(strstr(json_string_value(json_object_get(report, "by")), by));
    assert_null(json_object_get(report, "broken"));
    json_decref(report);
    for (size_t n = 0; n < t->size; n++) { /* cut anywhere: told or not, no byte behind the end is looked at */
        char *cut = alloc_array(n + 1, 1, &st);
        memcpy(cut, t->data, n);
        char *exact = alloc_resize(cut, n ? n : 1, 1, &st);
        json_decref(provenance_read_bytes(exact, n, &st));
        assert_true(status_ok(&st));
        alloc_free(exact);
    }
    text_out_free(t);
}

static void test_sounds_and_gif(void **state)
{
    (void)state;
    status st = {0};
    text_out t = {.st = &st};
    aiff(&t, "APPL", "XMP ", XMP);
    hold(&t, "AIFF", NULL);
    aiff(&t, "ANNO", "", SETTINGS);
    hold(&t, "AIFF", "v1.9");
    gif_comment(&t, SETTINGS);
    hold(&t, "GIF", "v1.9");
    gif_xmp(&t);
    hold(&t, "GIF", NULL);
}

static void test_tiff(void **state)
{
    (void)state;
    status st = {0};
    text_out t = {.st = &st};
    tiff(&t, 0x010E, 2, false, "", 0, SETTINGS);
    hold(&t, "TIFF", "v1.9");
    tiff(&t, 0x02BC, 1, false, "", 0, XMP);
    hold(&t, "TIFF", NULL);
    for (unsigned type = 1; type <= 7; type++) {
        if (type > 2 && type < 7) continue;
        tiff(&t, 0x9286, type, true, "ASCII\0\0\0", 8, SETTINGS);
        hold(&t, "TIFF", "v1.9");
        if (type == 7) continue;
        tiff(&t, 0x9286, type, true, "", 0, SETTINGS);
        hold(&t, "TIFF", "v1.9");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sounds_and_gif), cmocka_unit_test(test_tiff)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
