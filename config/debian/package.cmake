# The Debian package: cmake --workflow --preset package
# Its files, beside the program, and what CPack writes about it. Everything is compressed without a time, so that the same
# checkout gives the same files.
set(debian ${CMAKE_CURRENT_LIST_DIR})
set(made ${PROJECT_BINARY_DIR}/debian)
file(MAKE_DIRECTORY ${made})

function(read_changelog field result)
  execute_process(COMMAND dpkg-parsechangelog -l ${debian}/changelog -S ${field} OUTPUT_VARIABLE text
    OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  set(${result} ${text} PARENT_SCOPE)
endfunction()
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${debian}/changelog)
read_changelog(Version version)
read_changelog(Maintainer maintainer)
read_changelog(Timestamp timestamp)
execute_process(COMMAND date --utc --date=@${timestamp} +%F OUTPUT_VARIABLE date OUTPUT_STRIP_TRAILING_WHITESPACE
  COMMAND_ERROR_IS_FATAL ANY)
if(NOT version MATCHES "^${PROJECT_VERSION}-([0-9]+)$")
  message(FATAL_ERROR "config/debian/changelog begins with ${version}, the project has ${PROJECT_VERSION}: "
    "add an entry for ${PROJECT_VERSION}-1 there")
endif()
set(revision ${CMAKE_MATCH_1})

# compressed(NAME FILE FOLDER): installs the file as FOLDER/NAME.gz
function(compressed name file folder)
  add_custom_command(OUTPUT ${made}/${name}.gz COMMAND gzip -9nc ${file} > ${made}/${name}.gz DEPENDS ${file} VERBATIM)
  add_custom_target(compressed_${name} ALL DEPENDS ${made}/${name}.gz)
  install(FILES ${made}/${name}.gz DESTINATION ${folder})
endfunction()

# usage(NAME WHAT ...): a text that the program's command line gives
function(usage name)
  add_custom_command(OUTPUT ${made}/${name} COMMAND iometer_usage ${ARGN} > ${made}/${name} DEPENDS iometer_usage
    VERBATIM)
  add_custom_target(usage_${name} ALL DEPENDS ${made}/${name})
endfunction()

# unit(NAME CONFIGURATION SECRETS OWNER IN_WORDS)
function(unit name CONFIGURATION SECRETS OWNER INSTANCE_IN_WORDS)
  configure_file(${debian}/iometer2mqtt.service.in ${made}/${name} @ONLY)
  install(FILES ${made}/${name} DESTINATION lib/systemd/system)
endfunction()

usage(iometer2mqtt.1 man ${date})
usage(iometer2mqtt.bash bash)
usage(iometer2mqtt.zsh zsh)
usage(iometer2mqtt.fish fish)
compressed(iometer2mqtt.1 ${made}/iometer2mqtt.1 share/man/man1)
compressed(changelog ${PROJECT_SOURCE_DIR}/CHANGELOG.md share/doc/iometer2mqtt)
compressed(changelog.Debian ${debian}/changelog share/doc/iometer2mqtt)
compressed(README.md ${PROJECT_SOURCE_DIR}/README.md share/doc/iometer2mqtt)
install(FILES ${made}/iometer2mqtt.bash DESTINATION share/bash-completion/completions RENAME iometer2mqtt)
install(FILES ${made}/iometer2mqtt.zsh DESTINATION share/zsh/vendor-completions RENAME _iometer2mqtt)
install(FILES ${made}/iometer2mqtt.fish DESTINATION share/fish/vendor_completions.d)
install(FILES ${debian}/copyright DESTINATION share/doc/iometer2mqtt)
install(FILES ${PROJECT_SOURCE_DIR}/config/iometer2mqtt.example.yaml DESTINATION share/doc/iometer2mqtt/examples
  RENAME iometer2mqtt.yaml)
# What README points to.
install(FILES ${PROJECT_SOURCE_DIR}/config/telegraf.conf DESTINATION share/doc/iometer2mqtt/examples)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/config/node-red ${PROJECT_SOURCE_DIR}/config/schemas
  DESTINATION share/doc/iometer2mqtt/examples)
install(FILES ${debian}/iometer2mqtt.yaml DESTINATION /etc/iometer2mqtt)
unit(iometer2mqtt.service iometer2mqtt "" "" "")
unit(iometer2mqtt@.service %i %i. -%i " (%i)")

set(CPACK_PACKAGE_NAME iometer2mqtt)
set(CPACK_PACKAGE_CONTACT ${maintainer})
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ
  WORLD_EXECUTE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_DEBIAN_PACKAGE_RELEASE ${revision})
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_HOMEPAGE https://github.com/iometer2mqtt/iometer2mqtt)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS ca-certificates)  # without them no certificate of the API is trusted
set(CPACK_DEBIAN_PACKAGE_SUGGESTS mosquitto)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${debian}/conffiles ${debian}/postinst ${debian}/prerm ${debian}/postrm)
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION "electricity meters with an IOmeter to MQTT and Home Assistant
A daemon that holds one subscription to the IOmeter Partner API, publishes
every value of every reading as an MQTT topic, and announces the matching
entities to Home Assistant by MQTT discovery. It needs a partner's
credentials, and an MQTT broker.")
include(CPack)
