# Sourced by every CLI script: a temporary folder to work in, and the checks they share.
set -u
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

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

# catches PID: waits until that process answers SIGINT (one that runs behind a script is deaf to it until it says otherwise)
catches() {
    tries=0
    while [ $tries -lt 600 ]; do
        case $(sed -n 's/^SigCgt:[[:space:]]*//p' "/proc/$1/status" 2>/dev/null) in *[2367abef]) return 0 ;; esac
        tries=$((tries + 1))
        sleep 0.05
    done
    fail "process $1 never listens to SIGINT"
}
