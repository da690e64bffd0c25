#include "engine/image_size.h"

#include <math.h>

/* The nearest side that can be drawn. */
static int64_t round_side(double pixels, int64_t factor)
{
    int64_t count = (int64_t)(pixels / (double)factor + 0.5);
    return (count < 1 ? 1 : count) * factor;
}

/* The flag's side, else the init picture's, else the model's as it shows it: enlarged, unless --upscale 1 says not to. */
static int64_t choose_side(const image_size_wish *w, int64_t flag, int64_t init)
{
    if (flag) return flag;
    if (init) return init;
    return w->upscale == 1 ? w->side : w->side * w->enlarges;
}

static bool is_drawn_well(const image_size_wish *w, int64_t side) { return w->enlarges == 1 && side >= w->side / 2 && side <= 2 * w->side; }

image_size image_size_plan(const image_size_wish *w)
{
    image_size s = {.upscale = w->upscale ? w->upscale : 1};
    s.width = choose_side(w, w->width, w->init_width);
    s.height = choose_side(w, w->height, w->init_height);
    if (is_drawn_well(w, s.width) && is_drawn_well(w, s.height)) { /* the next multiple, so that detail is not lost */
        s.drawn_width = (s.width + w->factor - 1) / w->factor * w->factor;
        s.drawn_height = (s.height + w->factor - 1) / w->factor * w->factor;
    } else if (w->enlarges > 1 && !w->init_width) {
        s.drawn_width = s.drawn_height = w->side;
        s.padded = s.width != s.height;
    } else { /* as many pixels as the model's own square, in the shape asked for */
        double scale = (double)w->side / sqrt((double)s.width * (double)s.height);
        s.drawn_width = round_side((double)s.width * scale, w->factor);
        s.drawn_height = round_side((double)s.height * scale, w->factor);
    }
    bool drawn = s.drawn_width == s.width && s.drawn_height == s.height;
    bool shown = s.width == w->side * w->enlarges && s.height == s.width;
    s.odd = !drawn && !shown;
    return s;
}
