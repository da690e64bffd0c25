# Holds drafts of match reports against the rows of results.csv (home,away,home_goals,away_goals,place,scorers), and writes
# FOLDER/HOME.txt. A sentence stands when it is, letter by letter, one that the row proves: who beat whom, by what, where; who
# scored how often for whom. If the first does not, or one of the others, a plain sentence from the row takes its place.
#     awk -v drafts=FOLDER -v folder=FOLDER -f check.awk results.csv

# The fields of a line of CSV, in f; returns how many.
function csv(line, f,    n, c, i, quoted, field) {
    for (i = 1; i <= length(line); i++) {
        c = substr(line, i, 1)
        if (c == "\"") quoted = !quoted
        else if (c == "," && !quoted) { f[++n] = field; field = "" }
        else if (c != "\r") field = field c
    }
    f[++n] = field
    return n
}

function allow_result(sentence) { result[sentence] = 1 }

# "Ada Reyes (2), Tom Hale": what may be said of a team's scorers; returns how it is said plainly.
function take_scorers(list, team, goals,    n, i, name, part, times, said) {
    n = split(list, part, /, */)
    for (i = 1; i <= n; i++) {
        name = part[i]; times = 1
        if (match(name, / \([0-9]+\)$/)) { times = substr(name, RSTART + 2, RLENGTH - 3) + 0; name = substr(name, 1, RSTART - 1) }
        if (times == 1) scorer[name " scored for " team "."] = 1
        if (times == 1 && goals == 1) scorer[name " scored the only goal for " team "."] = 1
        if (times == 2) scorer[name " scored twice for " team "."] = 1
        if (times == 3) scorer[name " scored three times for " team "."] = 1
        said = said (i == 1 ? "" : i == n ? " and " : ", ") name (times == 1 ? "" : times == 2 ? " (twice)" : " (" times " times)")
    }
    return said " scored for " team "."
}

NR > 1 && csv($0, f) == 6 {
    split("", result); split("", scorer)
    home = f[1]; away = f[2]; a = f[3] + 0; b = f[4] + 0; place = f[5]
    score = (a > b ? a "-" b : b "-" a) " at " place "."
    if (a == b) {
        plain = home " and " away " drew " score
        allow_result(plain); allow_result(away " and " home " drew " score)
    } else {
        winner = a > b ? home : away; loser = a > b ? away : home
        plain = winner " beat " loser " " score
        allow_result(plain); allow_result(winner " won " score)
    }
    goals = ""
    if (split(f[6], side, /; */) == 2) goals = take_scorers(side[1], home, a) " " take_scorers(side[2], away, b)
    else if (a + b > 0 && (a == 0 || b == 0)) goals = take_scorers(side[1], a ? home : away, a + b)
    else if (a + b == 0) { goals = "No goal was scored."; scorer[goals] = 1 }
    if (a == 0 && b > 0) scorer[home " stayed without a goal."] = 1
    if (b == 0 && a > 0) scorer[away " stayed without a goal."] = 1

    draft = ""
    file = drafts "/" home ".txt"
    while ((getline line < file) > 0) draft = draft " " line
    close(file)
    gsub(/[ \t\r]+/, " ", draft); sub(/^ /, "", draft); sub(/ $/, "", draft)
    n = split(draft, sentence, /\. /)
    proven = n > 1
    for (i = 1; i <= n; i++) {
        if (i < n) sentence[i] = sentence[i] "."
        if (i > 1 && !(sentence[i] in scorer)) proven = 0
    }
    first = (sentence[1] in result) ? sentence[1] : plain
    rest = goals
    if (proven) {
        rest = ""
        for (i = 2; i <= n; i++) rest = rest (i > 2 ? " " : "") sentence[i]
    }
    file = folder "/" home ".txt"
    print first (rest == "" ? "" : " " rest) > file
    close(file)
}
