# SPDX-License-Identifier: Apache-2.0
"""The rules of the tree as data. tools/tidy.py applies them; ARCHITECTURE.md shows the table."""

# Directory: (what of the tree it may include, in words for the table, what it may not).
# An entry "dir" allows every header of dir, "dir/noun" only dir/noun.h.
LAYERS = {
    "src/base": ([], "libc", "anything else"),
    "src/model": (["base"], "`base`", ""),
    "src/power": (["base", "model"], "`base`, `model`", "each other; I/O, clocks, malloc"),
    "src/energy": (["base", "model"], "`base`, `model`", "each other; I/O, clocks, malloc"),
    "src/wire": (["base", "model"], "`base`, `model`, protobuf-c, jansson",
                 "each other; I/O, clocks"),
    "src/conf": (["base", "model"], "`base`, `model`, libyaml, jansson",
                 "each other; I/O, clocks"),
    "src/core": (["base", "model", "power", "energy"], "`base`, `model`, `power`, `energy`",
                 "I/O, clocks, malloc"),
    "src/hw": (["base", "model", "wire", "net/http_client"],
               "`base`, `model`, `wire`, `net`'s HTTP client",
               "`power`, `energy`, `core`, `role`"),
    "src/net": (["base", "model", "wire"], "`base`, `model`, `wire`",
                "`power`, `energy`, `core`, `role`"),
    "src/store": (["base", "model", "wire", "net/http_client"],
                  "`base`, `model`, `wire`, `net`'s HTTP client",
                  "`power`, `energy`, `core`, `role`"),
    "src/kube": (["base", "model", "wire", "net/http_client"],
                 "`base`, `model`, `wire`, `net`'s HTTP client",
                 "`power`, `energy`, `core`, `role`"),
    "src/script": (["base", "model"], "`base`, `model`, Lua", ""),
    "src/role": (["base", "model", "power", "energy", "wire", "conf", "core", "script",
                  "hw/meter", "hw/actuator", "net/transport", "net/http_server", "net/loop",
                  "store/store", "store/elector"],
                 "all above, but of `hw`, `net`, `store` and `kube` only the seam headers",
                 "a concrete driver, transport or store; another role"),
    "src/cli": (["base", "model", "power", "energy", "wire", "conf", "core", "script", "hw", "net",
                 "store", "kube", "role", "sim", "vhw"], "everything", ""),
    "sim": (["base", "model", "power", "energy", "core", "conf"],
            "`base`, `model`, `power`, `energy`, `core`, `conf`", "I/O, `role`"),
    "vhw": (["base", "model", "wire", "conf", "sim", "net/http_server"],
            "`base`, `model`, `wire`, `conf`, `sim`'s plant, `net`'s HTTP server, libfuse",
            "the rest"),
}

# Headers of L2 that a role may see are named above; a role's own headers begin with its name, or
# with "common" if they serve all roles.
ROLES = ["agent", "guard", "controller", "peer", "sensor", "formula", "powercapping_controller",
         "freqtuning_recommender", "freqtuner"]

# Headers of the system that pure directories may include: no I/O, no clocks, no threads.
PURE_HEADERS = {
    "ctype.h", "errno.h", "float.h", "inttypes.h", "limits.h", "math.h", "stdalign.h", "stdarg.h",
    "stdbool.h", "stddef.h", "stdint.h", "stdio.h", "stdlib.h", "string.h", "strings.h",
}
# Headers of libraries: who may include them.
LIBRARY_HEADERS = {
    "protobuf-c/": ["src/wire"],
    "jansson.h": ["src/wire", "src/conf", "src/kube", "src/hw", "src/store", "src/role", "src/cli"],
    "yaml.h": ["src/conf"],
    "zmq.h": ["src/net", "src/cli"],
    "curl/": ["src/net"],
    "microhttpd.h": ["src/net"],
    "uv.h": ["src/net", "src/role", "src/cli", "src/kube", "src/store"],
    "sqlite3.h": ["src/store"],
    "lua": ["src/script"],
    "fuse": ["vhw"],
    "fuse3/": ["vhw"],
    "ncurses.h": ["src/cli"],
    "assert.h": [],
}

# What the objects of a pure directory may leave undefined.
_TEXT = """memcpy memmove memset memcmp memchr memrchr strlen strnlen strcmp strncmp strcasecmp
strncasecmp strchr strrchr strstr strspn strcspn strpbrk snprintf vsnprintf __ctype_b_loc
__stpcpy_chk"""
_MATH = """sqrt exp exp2 expm1 log log2 log10 log1p pow sin cos tan atan fabs floor ceil round
lround llround trunc fmod fmin fmax ldexp frexp cbrt hypot isnan isinf"""
_COMPILER = """__stack_chk_fail _GLOBAL_OFFSET_TABLE_ __divti3 __udivti3 __modti3 __umodti3
__multi3 __muloti4 __floattidf __fixdfti __floatuntidf __udivmodti4 __divmodti4"""
_MEMORY = "malloc calloc realloc free"
_NUMBERS = "strtol strtoll strtoul strtoull strtod __isoc99_strtol __isoc99_strtoll __errno_location"

_PURE = set((_TEXT + " " + _MATH + " " + _COMPILER).split())
_PURE |= {f"__{name}_chk" for name in _TEXT.split()}

PURE_SYMBOLS = {
    "src/base": _PURE,
    "src/model": _PURE,
    "src/power": _PURE,
    "src/energy": _PURE,
    "src/core": _PURE,
    "src/wire": _PURE | set(_NUMBERS.split()) | set(_MEMORY.split()),
    "src/conf": _PURE | set(_NUMBERS.split()) | set(_MEMORY.split()) | {"qsort", "bsearch"},
    "sim": _PURE | set(_NUMBERS.split()) | set(_MEMORY.split()) | {"qsort", "bsearch"},
}
PURE_PREFIXES = {
    "src/wire": ("protobuf_c_", "headroom__", "json_"),
    "src/conf": ("yaml_", "json_"),
}
# Files of base that exist to touch the outside, and what they export that no pure file may use.
IMPURE_FILES = {"src/base/attr.c", "src/base/clock.c", "src/base/file.c", "src/base/file.h",
                "src/base/log.c"}
IMPURE_SYMBOLS = ("hr_now_read", "hr_log", "hr_file_")

# Calls that no file may make: pattern, where it is allowed (prefixes), why not.
CALLS = [
    (r"v?sprintf|strcpy|stpcpy|strcat|strtok|strtok_r|gets|alloca|atoi|atol|atoll|atof", (),
     "has no bound or no error: use snprintf, memcpy or the parsers of base"),
    (r"system|popen", (), "runs a shell"),
    (r"sleep|usleep|nanosleep|clock_nanosleep|thrd_sleep|uv_sleep", (),
     "waits blindly: use a timer or poll"),
    (r"clock_gettime|gettimeofday|time|clock|ftime|timespec_get|uv_hrtime|uv_clock_gettime",
     ("src/base/clock.c",), "reads a clock: take a struct hr_now"),
    (r"exit|_exit|_Exit|quick_exit", ("src/cli/", "tests/", "bench/", "vhw/main.c", "sim/main.c"),
     "ends the process: return an error"),
    (r"abort", ("src/base/attr.c", "tests/"), "ends the process: use HR_CHECK for own bugs"),
    (r"printf|vprintf|puts|putchar|perror",
     ("src/cli/", "tests/", "bench/", "vhw/main.c", "sim/main.c"),
     "writes to the terminal: return text or an error"),
    (r"assert", (), "is compiled out or kills: use HR_CHECK for own bugs, errors for input"),
]
# Literals that may stand in one file only.
PATH_LITERAL = r"(?<![\w.])/(sys|proc)(?![\w-])"
PATH_FILES = ("src/hw/paths.h", "tests/", "bench/")

# Exported symbols that do not begin with hr_ and the first word of the file's name.
EXPORTS = {
    "src/base/attr.c": ("hr_bug",),
    "src/base/clock.c": ("hr_now_",),
    "src/base/units.c": ("hr_power_", "hr_span_", "hr_muldiv_", "hr_add_sat"),
    "src/model/ident.c": ("hr_name_",),
    "src/model/sample.c": ("hr_quality_",),
}

# Directories whose every .c file needs a unit test.
TESTED = ["src/base", "src/model", "src/power", "src/energy", "src/wire", "src/conf", "src/core",
          "src/hw", "src/net", "src/store", "src/kube", "src/script"]

COLUMNS = 100
FILE_LINES = 600
TEST_FILE_LINES = 800
FUNCTION_LINES = 70
TEST_FUNCTION_LINES = 100  # a test may hold its table
