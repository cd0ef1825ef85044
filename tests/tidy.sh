#!/bin/sh
# Runs clang-tidy, as .clang-tidy says.
#
#   tidy.sh [OPTION OF CLANG-TIDY ...] FILE ...   these, with the compile commands of the preset dev
#   tidy.sh                                       all of src, without the analyzer, which takes twice as long as the rest
#
# All of src: the files of a layer as one (preset lint), because each alone would have the standard library's headers
# looked through once more, for four fifths of the time. Two names alike in one layer are an error there. bugprone-suspicious-include
# would name each of these files, and is left to tests/run.sh --all.
set -eu
cd "$(dirname "$0")/.."
if [ $# -gt 0 ]; then
  exec clang-tidy --quiet --extra-arg=-Wno-unknown-warning-option -p build/dev "$@"
fi
cmake --preset lint >/dev/null
sed -n 's/^ *"file": "\(.*\)".*/\1/p' build/lint/compile_commands.json | grep -v /web_assets.cpp | tac >build/lint/files
exec xargs -a build/lint/files -P "$(nproc)" -n 1 clang-tidy --quiet --extra-arg=-Wno-unknown-warning-option -p build/lint \
  '--checks=-clang-analyzer-*,-bugprone-suspicious-include' '--header-filter=/src/.*\.[ch]pp$'
