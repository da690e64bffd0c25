# The library, installed: what it shows, and the example of its header, compiled and run as it stands, by pkg-config and by CMake.
. "$SOURCE_DIR/tests/cli/lib.sh"
build=$(dirname "$AIGC")
[ -e "$build/libaigc.so" ] || fail "no library beside the program"
cmake --install "$build" --prefix "$work/prefix" >out 2>err || fail "cmake --install"
prefix=$work/prefix
library=$(find "$prefix" -name libaigc.so)
[ -e "$prefix/include/aigc.h" ] && [ -n "$library" ] && [ -n "$(find "$prefix" -name libaigc.a)" ] || fail "header or libraries are not installed"
[ "$(ls "$prefix/include")" = aigc.h ] || fail "more headers than one are installed: $(ls "$prefix/include")"
[ "$(wc -l <"$prefix/include/aigc.h")" -le 300 ] || fail "aigc.h has more than 300 lines"
shown=$(nm -D --defined-only "$library" | awk '{print $3}' | grep -v '^aigc_')
[ -z "$shown" ] || fail "the library shows more than aigc_*: $shown"
declared=$(grep -o 'aigc_[a-z_]*(' "$prefix/include/aigc.h" | sort -u | tr -d '(')
for name in $(nm -D --defined-only "$library" | awk '{print $3}'); do
    echo "$declared" | grep -qx "$name" || fail "$name is shown and not declared"
done

# the first comment of the header holds a program
awk '/#include <aigc.h>/ {on = 1} on {print} on && /^    }$/ {exit}' "$prefix/include/aigc.h" >example.c
[ "$(wc -l <example.c)" -le 40 ] || fail "the example has more than 40 lines"
PKG_CONFIG_PATH=$(dirname "$library")/pkgconfig && export PKG_CONFIG_PATH
[ "$(pkg-config --modversion aigc)" = "$("$AIGC" version | sed -n '1s/^aigc \([0-9.]*\).*/\1/p')" ] || fail "pkg-config tells another version"
cc -std=c11 -Wall -Wextra -Werror example.c -o example $(pkg-config --cflags --libs aigc) -Wl,-rpath,"$(dirname "$library")" 2>err || fail "the example does not compile"
cc -std=c11 example.c -o example-static $(pkg-config --cflags aigc) "$(find "$prefix" -name libaigc.a)" $(pkg-config --libs --static aigc | sed 's/-laigc//') 2>err || fail "the example does not link with libaigc.a"
if command -v c++ >/dev/null; then
    echo '#include <aigc.h>' >in.cc
    c++ -fsyntax-only $(pkg-config --cflags aigc) in.cc 2>err || fail "the header is no C++"
fi
mkdir cmake
cat >cmake/CMakeLists.txt <<'C'
cmake_minimum_required(VERSION 3.18)
project(example C)
find_package(aigc REQUIRED CONFIG)
add_executable(example ../example.c)
target_link_libraries(example PRIVATE aigc::aigc)
C
cmake -S cmake -B cmake/build -DCMAKE_PREFIX_PATH="$prefix" >out 2>err && cmake --build cmake/build >out 2>err || fail "find_package(aigc) does not work"

# it draws with the model that is installed beside it, and says nothing on stderr; without its text model it says what is missing
expect 0 env AIGC_MODELS="$work/none" ./example
grep -q '^[0-9]* x [0-9]* pixels$' out || fail "the example draws nothing"
grep -q 'smollm2: not found in' err || fail "the example does not say what it misses"
[ "$("$AIGC" check --json apple.png | grep -c 'red apple')" -ge 1 ] || fail "the picture holds no record"
needs_model smollm2 smollm2/SmolLM2-135M-Instruct.Q4_1.gguf
expect 0 cmake/build/example
[ ! -s err ] || fail "the library writes to stderr"
[ "$(wc -l <out)" -ge 2 ] || fail "the example writes no text"

# the same bytes as the program's
cp apple.png by-library.png
expect 0 "$AIGC" image -q -p "red apple" -s 1 -o apple.png
cmp -s apple.png by-library.png || fail "the library draws another picture than the program"
expect 0 "$AIGC" text -q -p "Write a line about the sea." -n 24 --temp 0.5 -s 1
first=$(head -1 out)
expect 0 ./example
[ "$(head -1 out)" = "$first" ] || fail "the library writes another text than the program"
