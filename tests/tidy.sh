#!/bin/sh
# Runs clang-tidy, as .clang-tidy says, with the compile commands of the preset dev.
#
#   tidy.sh [OPTION OF CLANG-TIDY ...] FILE ...
set -eu
cd "$(dirname "$0")/.."
exec clang-tidy --quiet --extra-arg=-Wno-unknown-warning-option -p build/dev "$@"
