# The samples as they are run: nothing that the news says is false, whatever a model drafted; the story's chapters end whole.
. "$SOURCE_DIR/tests/cli/lib.sh"
news=$SOURCE_DIR/samples/news
check() { # expects the report of HOME in results.csv to be TEXT after DRAFT
    mkdir -p drafts reports
    printf '%s\n' "$2" >"drafts/$1.txt"
    awk -v drafts=drafts -v folder=reports -f "$news/check.awk" "${table:-$news/results.csv}" || fail "check.awk"
    [ "$(cat "reports/$1.txt")" = "$3" ] || fail "of '$2' came '$(cat "reports/$1.txt")'"
}
west="Stonebridge beat Westgate 4-1 at Westgate Arena. Ben Cole scored for Westgate. Ivo Marsh (3 times) and Noah Finch scored for Stonebridge."
north="Northfield beat Lakeside 3-1 at Northfield Park. Ada Reyes (twice) and Tom Hale scored for Northfield. Lena Voss scored for Lakeside."
check Westgate "Westgate beat Stonebridge 4-1 at Westgate Arena." "$west" # the wrong winner
check Westgate "Westgate beat Stonebridge 4-1 at Westgate Arena. Ben Cole scored for Westgate." "Stonebridge beat Westgate 4-1 at Westgate Arena. Ben Cole scored for Westgate."
check Westgate "Stonebridge beat Westgate 1-4 at Westgate Arena." "$west"
check Westgate "Stonebridge beat Westgate 4-1 at Westgate Arena. Ivo Marsh scored three times for Westgate." "$west" # the wrong team
check Westgate "Stonebridge beat Westgate 4-1 at Westgate Arena. Ben Cole scored twice for Westgate." "$west"
check Westgate "" "$west"
check Westgate "Stonebridge won 4-1 at Westgate Arena. Ivo Marsh scored three times for Stonebridge." \
    "Stonebridge won 4-1 at Westgate Arena. Ivo Marsh scored three times for Stonebridge."
check Northfield "Lakeside won 3-1 at Northfield Park. Tom Hale scored for Northfield." "Northfield beat Lakeside 3-1 at Northfield Park. Tom Hale scored for Northfield."
check Northfield "Northfield beat Lakeside 3-1 at Northfield Park. Tom Hale scored for Lakeside." "$north"
check "Harbour Town" "Old Mill won 0-1 at Harbour Ground." "Harbour Town and Old Mill drew 0-0 at Harbour Ground. No goal was scored."
printf 'home,away,home_goals,away_goals,place,scorers\nEast,West,0,2,"Hall, the old",Al Po (2)\n' >own.csv
table=own.csv check East "East beat West 2-0 at Hall, the old." "West beat East 2-0 at Hall, the old. Al Po (twice) scored for West."

needs_model smollm2 smollm2/SmolLM2-135M-Instruct.Q4_1.gguf
needs_model hibari hibari/hibari.onnx
expect 0 env AIGC="$AIGC" sh "$news/make.sh" out-news
while IFS= read -r line; do
    case $line in
    "Northfield beat Lakeside 3-1 at Northfield Park."* | "Northfield won 3-1 at Northfield Park."*) ;;
    "Harbour Town and Old Mill drew 0-0 at Harbour Ground."* | "Old Mill and Harbour Town drew 0-0 at Harbour Ground."*) ;;
    "Stonebridge beat Westgate 4-1 at Westgate Arena."* | "Stonebridge won 4-1 at Westgate Arena."*) ;;
    *) fail "the news says '$line'" ;;
    esac
done <out
[ "$(wc -l <out)" = 3 ] || fail "three reports wanted: $(cat out)"
for home in Northfield "Harbour Town" Westgate; do
    [ -s "out-news/$home.wav" ] || fail "the report of $home is not spoken"
done
[ -z "$(find out-news -name '.drafts*')" ] || fail "unchecked drafts are left"

# the story: three chapters that differ and end whole, each with its picture and sound
expect 0 env AIGC="$AIGC" sh "$SOURCE_DIR/samples/story/make.sh" out-story
for chapter in one two three; do
    [ -s "out-story/$chapter.wav" ] || fail "chapter $chapter is not spoken"
    grep -q "src=\"$chapter.wav\"" out-story/story.html || fail "chapter $chapter is not on the page"
done
cmp -s out-story/one.txt out-story/two.txt && fail "two chapters are the same"
cmp -s out-story/two.txt out-story/three.txt && fail "two chapters are the same"
[ "$(grep -c '[.!?]["”]*</p><audio' out-story/story.html)" = 3 ] || fail "a chapter does not end whole: $(cat out-story/story.html)"
