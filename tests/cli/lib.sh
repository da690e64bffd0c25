# Sourced by every CLI script: a temporary folder to work in, and the checks they share.
set -u
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
export AIGC_VOICE="${AIGC_VOICE-hibari}" # small and fast; a test of another voice names it
TMPDIR=$work/.tmp && mkdir "$TMPDIR" && export TMPDIR || exit 1

fail() {
    echo "FAILED: $*" >&2
    [ ! -s err ] || sed 's/^/  stderr: /' err | head -5 >&2
    exit 1
}

# expect CODE COMMAND…: runs it with stdout in out and stderr in err
expect() {
    wanted=$1
    shift
    "$@" >out 2>err </dev/null
    found=$?
    [ "$found" = "$wanted" ] || fail "'$*' ended with $found, $wanted wanted"
}

# needs_model NAME FILE: ends the test as skipped when a downloaded model is absent
needs_model() {
    folder=${AIGC_MODELS:-${XDG_DATA_HOME:-$HOME/.local/share}/aigc/models}
    [ -e "$folder/$2" ] && return
    echo "skipped: the model $1 is absent; 'sh samples/models.sh $1' gets it"
    exit 77
}

# A shell's background job begins with SIGINT ignored, and the program leaves it so: $listens before it makes it begin as usual
listens='env --default-signal=INT'

# catches PID: waits until that process is aigc and answers SIGINT (one that runs behind a script is deaf to it until it
# says otherwise, and for a moment it is still a copy of this shell, which answers too)
catches() {
    tries=0
    while [ $tries -lt 600 ]; do
        case $(sed -n 's/^Name:[[:space:]]*//p; s/^SigCgt:[[:space:]]*//p' "/proc/$1/status" 2>/dev/null | tr '\n' ' ') in
            "aigc "*[2367abef]" ") return 0 ;;
        esac
        tries=$((tries + 1))
        sleep 0.05
    done
    fail "process $1 never listens to SIGINT"
}

# shows COUNT TEXT: waits until the terminal (or whatever writes to out) has shown it so many times
shows() {
    tries=0
    until [ "$(grep -oF -- "$2" out 2>/dev/null | wc -l)" -ge "$1" ]; do
        tries=$((tries + 1))
        [ $tries -lt 600 ] || return 1
        sleep 0.05
    done
}

# appears FILE: waits until something has been written to it
appears() {
    tries=0
    until [ -s "$1" ]; do
        tries=$((tries + 1))
        [ $tries -lt 600 ] || return 1
        sleep 0.05
    done
}

# on_terminal COMMAND: runs it on a terminal where stdin is typed; what it shows goes to out, its exit code to the file ended.
# script(1) may drop what is shown last, so the terminal stays until whoever types has made the file seen. A Ctrl-C that is
# typed reaches the shell there too, which would end with it: dash does, whatever the command made of it.
on_terminal() {
    rm -f seen ended
    : >out
    SHELL=/bin/sh timeout 90 script -qec "trap : INT; $1; echo \$? >ended; until [ -e seen ]; do sleep 0.02; done" /dev/null >out 2>err
}
