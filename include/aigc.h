/* aigc: text, pictures and speech on an ordinary CPU, from model files that people already have.

    #include <aigc.h>
    #include <stdio.h>

    int main(void)
    {
        aigc_engine *e = aigc_open(NULL, NULL);
        aigc_request story = {.size = sizeof story, .kind = AIGC_TEXT, .words = "Write a line about the sea.", .seed = 1,
                              .settings = (const char *const[]){"tokens=24", "temp=0.5", NULL}};
        aigc_request apple = {.size = sizeof apple, .kind = AIGC_IMAGE, .words = "red apple", .seed = 1, .path = "apple.png"};
        aigc_task *text = aigc_submit(e, &story), *picture = aigc_submit(e, &apple);
        if (aigc_wait(text) == AIGC_OK) printf("%s\n", aigc_text(text, 0, NULL));
        else fprintf(stderr, "%s\n", aigc_message(text));
        int width, height;
        if (aigc_wait(picture) == AIGC_OK && aigc_pixels(picture, 0, &width, &height)) printf("%d x %d pixels\n", width, height);
        aigc_free(text);
        aigc_free(picture);
        aigc_close(e);
        return 0;
    }

   An engine keeps models open and does requests of all kinds side by side: texts and vectors in one lane, pictures and sounds in
   another, with the cores shared between them. Texts of one model that wait together share every pass over its weights. The
   same request with the same seed gives the same bytes, whatever else runs and however many threads there are.

   Any thread may call any function, also of one engine at the same time. Several engines live side by side, each with threads and
   models of its own. Nothing is written to standard output or standard error, no signal handler is installed, and a file is
   written only where a path says so. Strings are UTF-8, zero-terminated; those that are given are copied. */
#ifndef AIGC_H
#define AIGC_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define AIGC_API __attribute__((visibility("default")))
#else
#define AIGC_API
#endif

/* ---- how things end ---- */

/* The numbers stay what they are; those up to 5 are the exit codes of the command line. */
typedef enum {
    AIGC_OK = 0,
    AIGC_FAILED = 1,    /* a fault of the run itself */
    AIGC_USAGE = 2,     /* the request says something that is not understood */
    AIGC_INPUT = 3,     /* a model or file is bad or missing */
    AIGC_REFUSED = 5,   /* refused by a filter */
    AIGC_NO_MEMORY = 6,
    AIGC_IO = 7,        /* a file cannot be written */
    AIGC_CANCELLED = 8,
} aigc_status;

AIGC_API const char *aigc_status_name(aigc_status s); /* "ok", "failed", "usage", … */
AIGC_API const char *aigc_version(void);              /* "0.1.0" */

/* ---- engines ---- */

typedef struct aigc_engine aigc_engine;

typedef enum { AIGC_LOG_WARNING, AIGC_LOG_MESSAGE, AIGC_LOG_DETAIL } aigc_log_level;

/* What an engine is opened with; all 0 but size: the defaults. */
typedef struct {
    size_t size;      /* sizeof(aigc_options): later versions add fields at the end */
    int threads;      /* 0: one for each core; the results do not depend on it */
    int parallel;     /* texts that share a pass over the weights; 0: 16 */
    /* Told what the command line would tell on standard error; any thread of the engine may call. NULL: nobody is told. */
    void (*on_log)(void *arg, aigc_log_level level, const char *text);
    void *arg;
} aigc_options;

/* o NULL: the defaults. NULL when there is no memory or no thread; *why (unless NULL) then says so. */
AIGC_API aigc_engine *aigc_open(const aigc_options *o, aigc_status *why);

/* Cancels what still runs, waits for it, closes all models. Tasks stay readable until aigc_free. NULL is allowed. */
AIGC_API void aigc_close(aigc_engine *e);

/* ---- requests ---- */

/* What is made, and of which words. */
typedef enum {
    AIGC_TEXT = 0,   /* a text that answers or continues words, a prompt */
    AIGC_IMAGE = 1,  /* a picture that shows words */
    AIGC_SPEAK = 2,  /* words said by a voice */
    AIGC_VOCODE = 3, /* the sound of a mel spectrum (.npy) or of a sound file: words is its path */
    AIGC_EMBED = 4,  /* words as a vector */
} aigc_kind;

typedef struct aigc_task aigc_task;

typedef struct {
    size_t size;       /* sizeof(aigc_request) */
    aigc_kind kind;
    const char *model; /* a short name ("smollm2", "icons", "hibari"), or the path of a model's file or folder; NULL: the kind's default */
    const char *words;
    int64_t seed;      /* below 0: one is drawn, which aigc_seed tells */
    int choices;       /* so many texts or pictures, with seeds counted up; 0: one */
    /* All else that the kind's jobs may say, "name=value" each, ended by NULL: "tokens=64", "steps=20", "speed=1.2",
       "init-img=photo.png", "messages={\"role\": …}". The names and what they mean: docs/batch.md, aigc batch --schema,
       aigc help text. NULL: nothing. */
    const char *const *settings;
    const char *path;  /* where the picture or sound is written too, with its record in it; NULL: nowhere. Of several pictures
                          the first; the others are PATH-2.png, … */
    /* Called in a thread of the engine while the work goes on, on_end of a request that is wrong in aigc_submit itself; each may
       be NULL. What returns 0 cancels this request alone. */
    int (*on_text)(void *arg, const char *text, size_t size); /* of the first text, as it becomes certain: whole characters */
    int (*on_progress)(void *arg, int step, int steps);       /* of a picture */
    int (*on_samples)(void *arg, const float *samples, size_t count, int rate); /* of a sound, sentence by sentence */
    void (*on_end)(void *arg, aigc_task *t);                  /* the last call: all results are there. It must not free t */
    void *arg;
} aigc_request;

/* Hands a request over and returns at once. What is wrong with it is told by aigc_wait; NULL only when there is no memory. */
AIGC_API aigc_task *aigc_submit(aigc_engine *e, const aigc_request *r);

/* Waits until the request has ended, and says how. */
AIGC_API aigc_status aigc_wait(aigc_task *t);

/* Whether it has ended, without waiting: 1 or 0. */
AIGC_API int aigc_ended(const aigc_task *t);

/* Ends it soon, within one token, one step of a picture, one sentence, with AIGC_CANCELLED; what has ended stays as it is. */
AIGC_API void aigc_cancel(aigc_task *t);

/* Cancels it unless it has ended, waits, and frees it with all its results. NULL is allowed. */
AIGC_API void aigc_free(aigc_task *t);

/* ---- results: there when it has ended well, valid until aigc_free. i counts from 0 ---- */

AIGC_API const char *aigc_message(const aigc_task *t); /* of what went wrong: file, place, found and wanted; "" otherwise */
AIGC_API const char *aigc_remark(const aigc_task *t);  /* what is to be said although it went well; "": nothing */
AIGC_API int64_t aigc_seed(const aigc_task *t);        /* the first choice's */
AIGC_API int aigc_count(const aigc_task *t);           /* of texts, pictures or vectors; 1 of a sound */

/* The i-th text; *size (unless NULL) is how many bytes it has. NULL: there is none. */
AIGC_API const char *aigc_text(const aigc_task *t, int i, size_t *size);

/* Why the i-th text ended: "end" (the model), "stop" (a stop text), "length", "context", "halted"; "" without one. */
AIGC_API const char *aigc_text_end(const aigc_task *t, int i);

/* The i-th picture: rows from the top, [height, width, 3] bytes red, green, blue in sRGB. NULL: there is none. */
AIGC_API const uint8_t *aigc_pixels(const aigc_task *t, int i, int *width, int *height);

/* The sound: one channel, -1 … 1, *rate in hertz. NULL: there is none. */
AIGC_API const float *aigc_samples(const aigc_task *t, size_t *count, int *rate);

/* The i-th vector of *count numbers. NULL: there is none. */
AIGC_API const float *aigc_vector(const aigc_task *t, int i, size_t *count);

/* How the i-th picture, the first text or the sound was made, as a JSON object (docs/origin.md); "" without one. */
AIGC_API const char *aigc_record(const aigc_task *t, int i);

#ifdef __cplusplus
}
#endif
#endif
