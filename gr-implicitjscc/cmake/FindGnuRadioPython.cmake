# SPDX-License-Identifier: GPL-3.0-or-later
#
# Sets Python3_EXECUTABLE to an interpreter that can import GNU Radio. The first python3 on PATH
# often cannot (a virtual environment, pyenv), so candidates are asked one by one; give
# -DPython3_EXECUTABLE=... to decide. Without any, the one that CMake finds is taken, with a warning.

if(NOT Python3_EXECUTABLE)
  set(candidates "")
  if(DEFINED ENV{CONDA_PREFIX})
    list(APPEND candidates "$ENV{CONDA_PREFIX}/bin/python3")
  endif()
  find_program(PYTHON3_ON_PATH python3)
  list(APPEND candidates "${PYTHON3_ON_PATH}" /usr/bin/python3 /usr/local/bin/python3)
  foreach(candidate IN LISTS candidates)
    if(EXISTS "${candidate}")
      execute_process(
        COMMAND "${candidate}" -c "import gnuradio.gr"
        RESULT_VARIABLE status
        OUTPUT_QUIET ERROR_QUIET)
      if(status EQUAL 0)
        set(Python3_EXECUTABLE "${candidate}" CACHE FILEPATH "Python interpreter with GNU Radio")
        break()
      endif()
    endif()
  endforeach()
endif()

find_package(Python3 3.10 REQUIRED COMPONENTS Interpreter)

execute_process(
  COMMAND "${Python3_EXECUTABLE}" -c "from gnuradio import gr; print(gr.version())"
  OUTPUT_VARIABLE GNURADIO_VERSION
  RESULT_VARIABLE status
  OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
if(status EQUAL 0)
  message(STATUS "GNU Radio ${GNURADIO_VERSION} with ${Python3_EXECUTABLE}")
else()
  message(WARNING "${Python3_EXECUTABLE} cannot import GNU Radio: the blocks will not run with it. "
                  "Give -DPython3_EXECUTABLE=... to choose another interpreter.")
endif()
