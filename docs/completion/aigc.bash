# bash completion for aigc: made by 'aigc help --completion bash'; docs/generate.sh writes it
_aigc_models() { ls "${AIGC_MODELS:-${XDG_DATA_HOME:-$HOME/.local/share}/aigc/models}" 2>/dev/null; }
_aigc() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]} values=no options= words=
    if [ "$COMP_CWORD" = 1 ]; then
        COMPREPLY=($(compgen -W "text score tokenize embed bench write speak vocode image inspect quantize batch plan worker check rerun help version --help --version" -- "$word"))
        return
    fi
    if [ "$word" = = ]; then word=; elif [ "$before" = = ]; then before=${COMP_WORDS[COMP_CWORD-2]}; fi
    case $command:$before in
    text:-m | text:--model) values="smollm2 gemma3 $(_aigc_models)" ;;
    text:-p | text:--prompt) values="" ;;
    text:-f | text:--file) values="" ;;
    text:--system) values="" ;;
    text:--chat-template) values="" ;;
    text:--template-arg) values="" ;;
    text:--tools) values="" ;;
    text:--think) values="show hide off" ;;
    text:--task) values="summarize translate rewrite title continue code" ;;
    text:--field) values="" ;;
    text:--examples) values="" ;;
    text:-n | text:--tokens) values="" ;;
    text:--on-length) values="keep warn fail sentence" ;;
    text:--stop) values="" ;;
    text:--json-schema) values="" ;;
    text:--grammar) values="" ;;
    text:--regex) values="" ;;
    text:--choice) values="" ;;
    text:--temp) values="" ;;
    text:--top-k) values="" ;;
    text:--top-p) values="" ;;
    text:--min-p) values="" ;;
    text:--repeat-penalty) values="" ;;
    text:--presence-penalty) values="" ;;
    text:--frequency-penalty) values="" ;;
    text:--repeat-last-n) values="" ;;
    text:-s | text:--seed) values="" ;;
    text:--filter) values="" ;;
    text:--metadata) values="full hash none" ;;
    text:-o | text:--output) values="" ;;
    text:-b | text:--parallel) values="" ;;
    text:-c | text:--ctx) values="" ;;
    text:-t | text:--threads) values="" ;;
    score:-m | score:--model) values="smollm2 gemma3 $(_aigc_models)" ;;
    score:-p | score:--prompt) values="" ;;
    score:-f | score:--file) values="" ;;
    score:-c | score:--ctx) values="" ;;
    score:--stride) values="" ;;
    score:-t | score:--threads) values="" ;;
    tokenize:-m | tokenize:--model) values="smollm2 gemma3 $(_aigc_models)" ;;
    tokenize:-p | tokenize:--prompt) values="" ;;
    tokenize:-f | tokenize:--file) values="" ;;
    tokenize:--messages) values="" ;;
    tokenize:--system) values="" ;;
    tokenize:--chat-template) values="" ;;
    tokenize:--template-arg) values="" ;;
    tokenize:--tools) values="" ;;
    tokenize:--think) values="show hide off" ;;
    embed:-m | embed:--model) values="smollm2 gemma3 $(_aigc_models)" ;;
    embed:-p | embed:--prompt) values="" ;;
    embed:-f | embed:--file) values="" ;;
    embed:-t | embed:--threads) values="" ;;
    bench:-m | bench:--model) values="smollm2 gemma3 $(_aigc_models)" ;;
    bench:--prompt) values="" ;;
    bench:-n | bench:--tokens) values="" ;;
    bench:--sequences) values="" ;;
    bench:--runs) values="" ;;
    bench:-t | bench:--threads) values="" ;;
    write:-t | write:--template) values="" ;;
    write:-d | write:--data) values="" ;;
    write:--sql) values="" ;;
    write:--records) values="" ;;
    write:--join) values="" ;;
    write:--schema) values="" ;;
    write:-o | write:--output) values="" ;;
    write:--per) values="row all" ;;
    write:--lang) values="en-GB en-US de-DE de-CH fr-FR zh-CN" ;;
    write:-s | write:--seed) values="" ;;
    write:--date) values="" ;;
    write:--threads) values="" ;;
    speak:-f | speak:--file) values="" ;;
    speak:--pronunciations) values="" ;;
    speak:--voice) values="hibari af_heart am_michael bf_emma bm_george joe" ;;
    speak:--speaker) values="" ;;
    speak:--speed) values="" ;;
    speak:--length-scale) values="" ;;
    speak:--noise-scale) values="" ;;
    speak:--noise-w) values="" ;;
    speak:--sentence-silence) values="" ;;
    speak:--label-text) values="" ;;
    speak:--filter) values="" ;;
    speak:--metadata) values="full hash none" ;;
    speak:-s | speak:--seed) values="" ;;
    speak:-o | speak:--output) values=".wav .flac .ogg .oga .opus .mp3 .aiff" ;;
    speak:--srt) values="" ;;
    speak:--vtt) values="" ;;
    speak:-t | speak:--threads) values="" ;;
    vocode:-m | vocode:--model) values="" ;;
    vocode:--metadata) values="full hash none" ;;
    vocode:--rate) values="" ;;
    vocode:--n-fft) values="" ;;
    vocode:--hop) values="" ;;
    vocode:--fmin) values="" ;;
    vocode:--fmax) values="" ;;
    vocode:--iterations) values="" ;;
    vocode:-s | vocode:--seed) values="" ;;
    vocode:-o | vocode:--output) values=".wav .flac .ogg .oga .opus .mp3 .aiff" ;;
    vocode:--mel) values="" ;;
    vocode:-t | vocode:--threads) values="" ;;
    image:-m | image:--model) values="icons $(_aigc_models)" ;;
    image:-p | image:--prompt) values="" ;;
    image:-n | image:--negative-prompt) values="" ;;
    image:-W | image:--width) values="" ;;
    image:-H | image:--height) values="" ;;
    image:--steps) values="" ;;
    image:--cfg-scale) values="" ;;
    image:--sampling-method) values="ddpm ddim pndm euler euler_a heun dpm++2m dpm++2m_karras dpm++2m_sde dpm++sde unipc lcm" ;;
    image:-s | image:--seed) values="" ;;
    image:--rng) values="own torch cuda" ;;
    image:--noise) values="" ;;
    image:--variation-seed) values="" ;;
    image:--variation-strength) values="" ;;
    image:--clip-skip) values="" ;;
    image:--init-img) values="" ;;
    image:--strength) values="" ;;
    image:--mask) values="" ;;
    image:--upscale) values="" ;;
    image:--caption) values="" ;;
    image:--caption-place) values="under over corner" ;;
    image:--caption-size) values="" ;;
    image:--font) values="" ;;
    image:--label-text) values="" ;;
    image:--filter) values="" ;;
    image:--metadata) values="full hash none" ;;
    image:--lora) values="" ;;
    image:--vae) values="" ;;
    image:--config) values="" ;;
    image:--tokenizer) values="" ;;
    image:--prediction) values="epsilon v_prediction" ;;
    image:-o | image:--output) values="" ;;
    image:-b | image:--batch-count) values="" ;;
    image:-f | image:--file) values="" ;;
    image:--preview-every) values="" ;;
    image:-t | image:--threads) values="" ;;
    quantize:--type) values="q8_0 q6_k q5_k q5_1 q5_0 q4_k q4_1 q4_0 f16 bf16 f32" ;;
    quantize:-t | quantize:--threads) values="" ;;
    batch:--shard) values="" ;;
    batch:--merge) values="" ;;
    batch:-o | batch:--out-dir) values="" ;;
    batch:--journal) values="" ;;
    batch:--answers) values="" ;;
    batch:--retries) values="" ;;
    batch:--parallel) values="" ;;
    batch:--filter) values="" ;;
    batch:--alias) values="" ;;
    batch:-t | batch:--threads) values="" ;;
    plan:--shard) values="" ;;
    plan:--merge) values="" ;;
    plan:-o | plan:--out-dir) values="" ;;
    plan:--journal) values="" ;;
    plan:--answers) values="" ;;
    plan:--retries) values="" ;;
    plan:--parallel) values="" ;;
    plan:--filter) values="" ;;
    plan:--alias) values="" ;;
    plan:-t | plan:--threads) values="" ;;
    worker:--group) values="" ;;
    worker:--name) values="" ;;
    worker:--count) values="" ;;
    worker:--claim-after) values="" ;;
    worker:--deliveries) values="" ;;
    worker:--stop-after) values="" ;;
    worker:-o | worker:--out-dir) values="" ;;
    worker:--retries) values="" ;;
    worker:--parallel) values="" ;;
    worker:--alias) values="" ;;
    worker:--filter) values="" ;;
    worker:-t | worker:--threads) values="" ;;
    rerun:-o | rerun:--output) values="" ;;
    rerun:--with) values="" ;;
    rerun:-t | rerun:--threads) values="" ;;
    help:--completion) values="bash zsh fish" ;;
    esac
    if [ "$values" != no ]; then
        COMPREPLY=($(compgen -W "$values" -- "$word"))
        return
    fi
    case $command in
    text) options="--model --prompt --file --system --raw --chat-template --template-arg --tools --think --task --field --examples --tokens --on-length --stop --ignore-end --json-schema --grammar --regex --choice --temp --top-k --top-p --min-p --repeat-penalty --presence-penalty --frequency-penalty --repeat-last-n --seed --label --filter --metadata --logprobs --output --interactive --parallel --ctx --shift --threads --exact --json --quiet --verbose --help" ;;
    score) options="--model --prompt --file --ctx --stride --threads --exact --json --quiet --verbose --help" ;;
    tokenize) options="--model --prompt --file --special --chat --messages --system --chat-template --template-arg --tools --think --json --quiet --verbose --help" ;;
    embed) options="--model --prompt --file --normalize --threads --exact --json --quiet --verbose --help" ;;
    bench) options="--model --prompt --tokens --sequences --runs --threads --json --quiet --verbose --help" words="text" ;;
    write) options="--template --data --sql --records --join --schema --output --per --force --check --lang --seed --date --raw --threads --quiet --verbose --help" ;;
    speak) options="--file --ssml --pronunciations --voice --speaker --speed --length-scale --noise-scale --noise-w --sentence-silence --label --label-text --filter --metadata --seed --output --force --raw --list-voices --phonemes --json --srt --vtt --threads --quiet --verbose --help" ;;
    vocode) options="--model --metadata --rate --n-fft --hop --fmin --fmax --htk --iterations --seed --output --force --mel --raw --threads --quiet --verbose --help" ;;
    image) options="--model --prompt --negative-prompt --width --height --steps --cfg-scale --sampling-method --seed --rng --noise --variation-seed --variation-strength --clip-skip --init-img --strength --mask --upscale --tile --caption --caption-place --caption-size --font --label --label-text --filter --metadata --lora --vae --config --tokenizer --prediction --exact --output --force --batch-count --file --comments --preview-every --threads --json --quiet --verbose --help" ;;
    inspect) options="--json --tensors --metadata --quiet --verbose --help" words="$(_aigc_models)" ;;
    quantize) options="--type --pure --threads --quiet --verbose --help" words="$(_aigc_models)" ;;
    batch) options="--check --dry-run --list --schema --force --shard --merge --retry-failed --out-dir --journal --answers --retries --fail-fast --parallel --filter --alias --threads --json --quiet --verbose --help" ;;
    plan) options="--check --dry-run --list --schema --force --shard --merge --retry-failed --out-dir --journal --answers --retries --fail-fast --parallel --filter --alias --threads --json --quiet --verbose --help" ;;
    worker) options="--group --name --count --claim-after --deliveries --stop-after --out-dir --retries --parallel --alias --filter --threads --json --quiet --verbose --help" ;;
    check) options="--json --quiet --verbose --help" ;;
    rerun) options="--output --with --threads --quiet --verbose --help" ;;
    help) options="--man --completion --quiet --verbose --help" words="text score tokenize embed bench write speak vocode image inspect quantize batch plan worker check rerun help version" ;;
    version) options="--quiet --verbose --help" ;;
    esac
    case $word in
    -*) COMPREPLY=($(compgen -W "$options" -- "$word")) ;;
    *) COMPREPLY=($(compgen -W "$words" -- "$word")) ;;
    esac
}
complete -o default -o bashdefault -F _aigc aigc
