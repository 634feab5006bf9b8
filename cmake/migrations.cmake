# The migrations of the database, src/store/migrations/NNNN_name.sql, as one generated source of the store (g++ 12 has no #embed).
file(GLOB MUSTER_MIGRATIONS CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/store/migrations/*.sql)
list(SORT MUSTER_MIGRATIONS)
set(entries "")
foreach(migration ${MUSTER_MIGRATIONS})
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${migration})
  file(READ ${migration} sql)
  get_filename_component(name ${migration} NAME)
  string(APPEND entries "    {\"${name}\", R\"muster(${sql})muster\"},\n")
endforeach()
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/generated/store/migrations.cc @ONLY CONTENT
"// Written by cmake/migrations.cmake from src/store/migrations/.
#include \"store/sqlite/migrate.h\"

namespace muster::store {

const std::vector<Migration>& migrations() {
  static const std::vector<Migration> all{
@entries@  };
  return all;
}

}  // namespace muster::store
")
target_sources(muster_store PRIVATE ${CMAKE_BINARY_DIR}/generated/store/migrations.cc)
