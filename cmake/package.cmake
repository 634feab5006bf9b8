# What `cmake --install` puts in place, and the packages that `./dev package` makes of it: a tarball and a Debian package.
include(GNUInstallDirs)
set(MUSTER_COMPLETIONS ${CMAKE_BINARY_DIR}/completions)
add_custom_target(completions
  COMMAND ${CMAKE_COMMAND} -E make_directory ${MUSTER_COMPLETIONS}
  COMMAND sh -c "for shell in bash zsh fish; do \"$1\" completion $shell >\"$2/$shell\" || exit 1; done" sh $<TARGET_FILE:muster> ${MUSTER_COMPLETIONS}
  DEPENDS muster VERBATIM)

install(TARGETS muster RUNTIME)
install(FILES packaging/systemd/muster@.service DESTINATION lib/systemd/system)
install(FILES packaging/systemd/muster-user.service DESTINATION lib/systemd/user RENAME muster.service)
install(FILES ${MUSTER_COMPLETIONS}/bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME muster OPTIONAL)
install(FILES ${MUSTER_COMPLETIONS}/zsh DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions RENAME _muster OPTIONAL)
install(FILES ${MUSTER_COMPLETIONS}/fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d RENAME muster.fish OPTIONAL)
install(FILES README.md CHANGELOG.md LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR}/docs)

set(CPACK_GENERATOR "TGZ;DEB")
set(CPACK_PACKAGE_NAME muster)
set(CPACK_PACKAGE_CONTACT "The Muster developers")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "Trains PyTorch models on the machines you have")
set(CPACK_PACKAGE_DESCRIPTION "One program that takes a snapshot of a training script, prepares its environment, starts it on one node or many, and keeps every \
line, metric, output and model.")
set(CPACK_RESOURCE_FILE_LICENSE ${CMAKE_SOURCE_DIR}/LICENSE)
set(CPACK_PACKAGE_FILE_NAME muster-${PROJECT_VERSION}-linux-${CMAKE_SYSTEM_PROCESSOR})
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "python3")
set(CPACK_INSTALL_CMAKE_PROJECTS "${CMAKE_BINARY_DIR};${PROJECT_NAME};ALL;/")
include(CPack)
