# Writes OUTPUT, the table behind assets.hpp, from all files in FOLDER: cmake -DOUTPUT=… -DFOLDER=… -P embed.cmake
file(GLOB files ${FOLDER}/*)
list(SORT files)
set(arrays "")
set(rows "")
set(number 0)
foreach(file IN LISTS files)
  get_filename_component(name ${file} NAME)
  file(READ ${file} bytes HEX)
  # Characters and no string: a compiler may refuse one that is longer than 65,536.
  string(REGEX REPLACE "(..)" "'\\\\x\\1'," bytes "${bytes}")
  string(REGEX REPLACE "(('[^']*',)('[^']*',)('[^']*',)('[^']*',)('[^']*',)('[^']*',)('[^']*',)('[^']*',))" "\\1\n    "
         bytes "${bytes}")
  string(APPEND arrays "constexpr char kFile${number}[] = {\n    ${bytes}};\n")
  string(APPEND rows "    {\"${name}\", {kFile${number}, sizeof kFile${number}}},\n")
  math(EXPR number "${number} + 1")
endforeach()
file(WRITE ${OUTPUT} "// Made by src/web/embed.cmake.
#include \"web/assets.hpp\"

#include <array>

namespace iometer::web {
namespace {

${arrays}
constexpr std::array<Asset, ${number}> kAssets{{
${rows}}};

}  // namespace

std::span<const Asset> assets() { return kAssets; }

}  // namespace iometer::web
")
