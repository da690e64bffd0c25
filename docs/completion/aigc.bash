# bash completion for aigc: commands and options as the program's own --help lists them
_aigc() {
    local word=${COMP_WORDS[COMP_CWORD]}
    if [ "$COMP_CWORD" = 1 ]; then
        COMPREPLY=($(compgen -W "$(aigc --help 2>/dev/null | awk '/^  [a-z]/ {print $1}')" -- "$word"))
    elif [[ $word == -* ]]; then
        COMPREPLY=($(compgen -W "$(aigc "${COMP_WORDS[1]}" --help 2>/dev/null | grep -o -- '--[a-z][a-z0-9-]*')" -- "$word"))
    fi
}
complete -o default -o bashdefault -F _aigc aigc
