# SPDX-License-Identifier: GPL-3.0-or-later
#
# GR_PYTHON_DIR, the place for Python packages below the prefix, by the rule of GNU Radio's own
# build: the interpreter's site directory where exactly one lies under the prefix, else the place
# that Python's installation scheme for a prefix names.

if(NOT DEFINED GR_PYTHON_DIR)
  execute_process(
    COMMAND "${Python3_EXECUTABLE}" "${CMAKE_CURRENT_LIST_DIR}/python_dir.py"
            "${CMAKE_INSTALL_PREFIX}"
    OUTPUT_VARIABLE python_dir
    OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  set(GR_PYTHON_DIR "${python_dir}" CACHE STRING "Python packages, below the prefix or absolute")
endif()
message(STATUS "Python packages go to ${GR_PYTHON_DIR} below ${CMAKE_INSTALL_PREFIX}")
