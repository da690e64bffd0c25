# fish completion for aigc: commands and options as the program's own --help lists them
complete -c aigc -n __fish_use_subcommand -f -a "(aigc --help 2>/dev/null | string match -r '^  [a-z]\S*' | string trim)"
complete -c aigc -n 'not __fish_use_subcommand' \
    -a "(aigc (commandline -opc)[2] --help 2>/dev/null | string match -ra -- '--[a-z][a-z0-9-]*')"
