#!/bin/sh
# The front page of a local newspaper from the table results.csv: a report of each match of the last day, spoken too, the
# league's table and a picture. Each figure and name is a row's or counted from rows (tests/cli/t4012-write.sh).
# usage: sh samples/news/make.sh FOLDER [SEED]
set -eu
here=$(dirname "$0")
aigc=${AIGC:-$here/../../build/aigc}
folder=${1:-out/news}
seed=${2:-1}
mkdir -p "$folder"
"$aigc" write -q --force --seed "$seed" -t "$here/match.md" -d "$here/results.csv" -o "$folder/{{id}}.md"
"$aigc" write -q --seed "$seed" --per all -t "$here/table.md" -d "$here/results.csv" -o "$folder/table.md"
[ -s "$folder/front.png" ] || "$aigc" image -q --seed 1 -p "3d soccer ball on a green background" -o "$folder/front.png"
last=$(tail -n +2 "$here/results.csv" | cut -d, -f2 | sort | tail -n 1)
matches=$(awk -F, -v day="$last" '$2 == day {print $1}' "$here/results.csv")
for id in $matches; do
    sed 's/^# //; s/\([0-9]\)–\([0-9]\)/\1 to \2/g' "$folder/$id.md" >"$folder/$id.txt"
    "$aigc" speak -q --seed 1 -f "$folder/$id.txt" -o "$folder/$id.wav" </dev/null
done

# as_html FILE: headings, paragraphs and one table of Markdown
as_html() {
    sed 's/&/\&amp;/g; s/</\&lt;/g' "$1" | awk '
        /^# / {print "<h2>" substr($0, 3) "</h2>"; next}
        /^\|---/ {next}
        /^\|/ {if (!table) print "<table>"; table = 1; gsub(/^\| | \|$/, ""); gsub(/ \| /, "</td><td>"); print "<tr><td>" $0 "</td></tr>"; next}
        table {print "</table>"; table = 0}
        NF {print "<p>" $0 "</p>"}
        END {if (table) print "</table>"}'
}
{
    echo '<!doctype html><html lang="en"><meta charset="utf-8"><title>The matches of the day</title>'
    echo '<style>body{max-width:48em;margin:2em auto;font:17px/1.5 serif}img{float:right;width:9em;margin:0 0 1em 1em}article{border-top:1px solid;clear:both}td{padding:0 .6em}</style>'
    echo "<h1>The matches of the day</h1><img src=\"front.png\" alt=\"a soccer ball\">"
    for id in $matches; do
        echo '<article>'
        as_html "$folder/$id.md"
        echo "<audio controls src=\"$id.wav\"></audio></article>"
    done
    echo '<article>'
    as_html "$folder/table.md"
    echo '</article><p><small>Written from the table of results by aigc; picture and voice were generated.</small></p></html>'
} >"$folder/index.html.part"
mv "$folder/index.html.part" "$folder/index.html"
for id in $matches; do cat "$folder/$id.md"; done
