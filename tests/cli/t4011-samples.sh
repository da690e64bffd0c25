# The samples as they are run: the newspaper's page is whole, spoken and true (t4012 checks its words); the shop's files are
# there; the story's chapters end whole.
. "$SOURCE_DIR/tests/cli/lib.sh"
needs_model smollm2 smollm2/SmolLM2-135M-Instruct.Q4_1.gguf
needs_model hibari hibari/hibari.onnx
expect 0 env AIGC="$AIGC" sh "$SOURCE_DIR/samples/news/make.sh" out-news 7
for id in 7 8 9; do
    [ -s "out-news/$id.wav" ] || fail "match $id is not spoken"
    grep -q "src=\"$id.wav\"" out-news/index.html || fail "match $id is not on the page"
done
[ "$(grep -c '<article>' out-news/index.html)" = 4 ] || fail "the page: $(cat out-news/index.html)"
grep -q '<td>Northfield</td><td>3</td><td>2</td><td>1</td><td>0</td><td>8–4</td><td>7</td>' out-news/index.html || fail "the table is not on the page"
python3 "$SOURCE_DIR/tests/cli/check_news.py" "$SOURCE_DIR/samples/news/results.csv" out-news/*.md || fail "the newspaper says something false"
expect 0 env AIGC="$AIGC" sh "$SOURCE_DIR/samples/shop/make.sh" out-shop
for sku in L-100 C-210 M-330 B-401 U-512; do
    [ -s "out-shop/$sku.png" ] && [ -s "out-shop/$sku.md" ] || fail "the product $sku lacks a file"
done

# the story: three chapters that differ and end whole, each with its picture and sound
expect 0 env AIGC="$AIGC" sh "$SOURCE_DIR/samples/story/make.sh" out-story
for chapter in one two three; do
    [ -s "out-story/$chapter.wav" ] || fail "chapter $chapter is not spoken"
    grep -q "src=\"$chapter.wav\"" out-story/story.html || fail "chapter $chapter is not on the page"
done
cmp -s out-story/one.txt out-story/two.txt && fail "two chapters are the same"
cmp -s out-story/two.txt out-story/three.txt && fail "two chapters are the same"
[ "$(grep -c '[.!?]["”]*</p><audio' out-story/story.html)" = 3 ] || fail "a chapter does not end whole: $(cat out-story/story.html)"
