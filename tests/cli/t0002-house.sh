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

C=$(ls core/*.c core/kernel/*.c text/*.c image/*.c audio/*.c write/*.c provenance/*.c engine/*.c job/*.c cli/*.c)
CH="$C $(ls core/*.h core/kernel/*.h text/*.h image/*.h audio/*.h write/*.h provenance/*.h engine/*.h job/*.h cli/*.h)"

# core -> {text, image, audio} -> provenance (which reads text's Unicode) -> engine -> job -> cli
none "core includes a module" '#include "(text|image|audio|provenance|engine|job|cli)/' core/*.[ch] core/kernel/*.[ch]
none "text includes another module" '#include "(write|image|audio|provenance|engine|job|cli)/' text/*.[ch]
none "image includes another module" '#include "(write|text|audio|provenance|engine|job|cli)/' image/*.[ch]
none "audio includes another module" '#include "(write|text|image|provenance|engine|job|cli)/' audio/*.[ch]
none "write includes another module than text's interpreter" '#include "((image|audio|provenance|engine|job|cli)/|text/[^jt]|text/t[^o])' write/*.[ch]
none "provenance includes another module" '#include "(image|audio|engine|job|cli)/' provenance/*.[ch]
none "engine includes what is above it" '#include "(job|cli)/' engine/*.[ch]
none "job includes what is above it" '#include "cli/' job/*.[ch]
none "a banned call" '(^|[^a-zA-Z_.>])(strcpy|strcat|sprintf|vsprintf|strtok|atoi|atol|atof|gets|alloca|rand|srand|abort|assert)\(' \
    $C
none "exit outside main.c" '(^|[^a-zA-Z_])exit\(' $(echo "$C" | grep -v '^cli/')
none "memory not from core/alloc.h" '(^|[^a-zA-Z_>.])(malloc|calloc|realloc|free)\(' \
    $(echo "$C" | grep -v '^core/alloc.c$')
none "jansson's parser not through core/json.h" '(^|[^a-zA-Z_])json_load[a-z_]*\(' \
    $(echo "$C" | grep -v '^core/json.c$')
none "jansson's text freed as ours, which only the program may do" '(^|[^a-zA-Z_])json_dumps\(' $(echo "$C" | grep -vE '^(job|cli)/')
none "unfinished work" '\b(TODO|FIXME|XXX|not implemented)\b' $CH
for rule in fftw3.h:core/fft.c png.h:image/image_file.c jpeglib.h:image/image_file.c ft2build.h:image/caption.c \
    sndfile.h:audio/sound_file.c hiredis/hiredis.h:job/job_queue.c sqlite3.h:write/data_sqlite.c; do
    none "${rule%%:*} outside ${rule#*:}" "#include <${rule%%:*}>" \
        $(echo $CH | tr ' ' '\n' | grep -v "^${rule#*:}\$")
done

long=$(wc -l $CH | awk '$2 != "total" && $1 > 800')
[ -z "$long" ] || fail "files over 800 lines:
$long"
