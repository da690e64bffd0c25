# The rules of docs/conventions.md that a grep can hold: which module may include which, banned calls, file lengths.
. "$SOURCE_DIR/tests/cli/lib.sh"
cd "$SOURCE_DIR" || exit 1

none() { # none WHAT PATTERN FILE…
    what=$1 pattern=$2
    shift 2
    found=$(grep -nE "$pattern" /dev/null "$@" 2>/dev/null | grep -v '^tests/')
    [ -z "$found" ] || fail "$what:
$found"
}

none "core includes a module" '#include "(text|image|audio|cli)/' core/*.[ch] core/kernel/*.[ch]
none "text includes another module" '#include "(image|audio|cli)/' text/*.[ch]
none "image includes another module" '#include "(text|audio|cli)/' image/*.[ch]
none "audio includes another module" '#include "(text|image|cli)/' audio/*.[ch]
none "a banned call" '(^|[^a-zA-Z_.>])(strcpy|strcat|sprintf|vsprintf|strtok|atoi|atol|atof|gets|alloca|rand|srand|abort|assert)\(' \
    core/*.c core/kernel/*.c text/*.c image/*.c audio/*.c cli/*.c
none "exit outside main.c" '(^|[^a-zA-Z_])exit\(' core/*.c core/kernel/*.c text/*.c image/*.c audio/*.c
none "memory not from core/alloc.h" '(^|[^a-zA-Z_>.])(malloc|calloc|realloc|free)\(' \
    $(ls core/*.c core/kernel/*.c text/*.c image/*.c audio/*.c cli/*.c | grep -v '^core/alloc.c$')
none "jansson's parser not through core/json.h" '(^|[^a-zA-Z_])json_load[a-z_]*\(' \
    $(ls core/*.c text/*.c image/*.c audio/*.c cli/*.c | grep -v '^core/json.c$')
none "unfinished work" '\b(TODO|FIXME|XXX|not implemented)\b' core/*.[ch] core/kernel/*.[ch] text/*.[ch] image/*.[ch] audio/*.[ch] cli/*.[ch]
for rule in fftw3.h:core/fft.c png.h:image/image_file.c jpeglib.h:image/image_file.c ft2build.h:image/caption.c \
    sndfile.h:audio/sound_file.c hiredis/hiredis.h:cli/job_queue.c; do
    none "${rule%%:*} outside ${rule#*:}" "#include <${rule%%:*}>" \
        $(ls core/*.[ch] core/kernel/*.[ch] text/*.[ch] image/*.[ch] audio/*.[ch] cli/*.[ch] | grep -v "^${rule#*:}\$")
done

long=$(wc -l core/*.[ch] core/kernel/*.[ch] text/*.[ch] image/*.[ch] audio/*.[ch] cli/*.[ch] | awk '$2 != "total" && $1 > 800')
[ -z "$long" ] || fail "files over 800 lines:
$long"
