# Phonemes in brackets are a Piper voice's own symbols: they reach it as they stand, with espeak-ng as without.
. "$SOURCE_DIR/tests/cli/lib.sh"
needs_model joe joe/en_US-joe-medium.onnx
needs_model hibari hibari/hibari.onnx # its lexicons read where espeak-ng is absent
mkdir empty
for path in "$PATH" "$work/empty"; do
    raw() { PATH=$path expect 0 "$AIGC" speak -s 1 --voice joe "$@"; }
    for text in 'wˈɔːɾɚ' 'ʔˈʌʔoʊ' 'a ɾ a' 'ʁɪçtɪç'; do
        raw --phonemes "[[$text]]"
        [ "$(cat out)" = "$text" ] || fail "[[$text]] becomes '$(cat out)'"
        raw -o raw.wav "[[$text]]"
        grep -q 'has no phoneme' err && fail "[[$text]]: a known symbol is called unknown: $(cat err)"
    done
    raw --phonemes "Say [[wˈɔːɾɚ]]."
    grep -q ' wˈɔːɾɚ\.$' out || fail "in a sentence: $(cat out)"
    raw --phonemes "[[həlˈO]]"
    [ "$(cat out)" = həlˈoʊ ] || fail "our own alphabet: $(cat out)"
    raw -o with.wav --metadata none "[[wˈɔːɾɚ]]"
    raw -o without.wav --metadata none "[[wˈɔːɚ]]"
    cmp -s with.wav without.wav && fail "the flap is lost"
    raw -o unknown.wav --metadata none "[[wˈɔːЖɚ]]"
    [ "$(grep -c "has no phoneme 'Ж'" err)" = 1 ] || fail "an unknown symbol is not named: $(cat err)"
    cmp -s unknown.wav without.wav || fail "an unknown symbol changes the sound"
    [ ! -e first.wav ] || cmp -s first.wav with.wav || fail "the sound differs without espeak-ng"
    [ -e first.wav ] || mv with.wav first.wav
done
