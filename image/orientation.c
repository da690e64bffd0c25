#include "image/orientation.h"

#include <string.h>

enum { TAG = 274, SHORT = 3, ENTRY = 12 };

/* Numbers of 2 and 4 bytes, in the order that the data name. */
static uint32_t number(const uint8_t *at, int bytes, bool big)
{
    uint32_t n = 0;
    for (int i = 0; i < bytes; i++) n |= (uint32_t)at[i] << 8 * (big ? bytes - 1 - i : i);
    return n;
}

int orientation_of_exif(const void *exif, size_t size)
{
    const uint8_t *data = exif;
    if (size < 8) return 1;
    bool big = memcmp(data, "MM\0*", 4) == 0;
    if (!big && memcmp(data, "II*\0", 4) != 0) return 1;
    uint32_t folder = number(data + 4, 4, big);
    if (folder > size - 2) return 1;
    uint32_t count = number(data + folder, 2, big);
    if (count > (size - folder - 2) / ENTRY) return 1;
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *entry = data + folder + 2 + i * ENTRY;
        if (number(entry, 2, big) != TAG || number(entry + 2, 2, big) != SHORT || number(entry + 4, 4, big) != 1) continue;
        uint32_t value = number(entry + 8, 2, big);
        return value >= 1 && value <= 8 ? (int)value : 1;
    }
    return 1;
}

/* From 5 on rows are stored as columns. The tables say where a pixel of the upright picture is stored. */
picture *orientation_apply(picture *p, int orientation, status *st)
{
    static const bool SWAPPED[9] = {[5] = true, [6] = true, [7] = true, [8] = true};
    static const bool FROM_RIGHT[9] = {[2] = true, [3] = true, [7] = true, [8] = true}; /* the stored column, counted from its end */
    static const bool FROM_BOTTOM[9] = {[3] = true, [4] = true, [6] = true, [7] = true}; /* the stored row */
    if (!p || orientation <= 1 || orientation > 8) return p;
    bool swapped = SWAPPED[orientation];
    picture *q = picture_new(swapped ? p->height : p->width, swapped ? p->width : p->height, p->channels, st);
    for (int64_t y = 0; q && y < q->height; y++)
        for (int64_t x = 0; x < q->width; x++) {
            int64_t column = swapped ? y : x, row = swapped ? x : y;
            if (FROM_RIGHT[orientation]) column = p->width - 1 - column;
            if (FROM_BOTTOM[orientation]) row = p->height - 1 - row;
            memcpy(q->pixel + (y * q->width + x) * p->channels, p->pixel + (row * p->width + column) * p->channels, (size_t)p->channels);
        }
    picture_free(p);
    return q;
}
