"""Names of compilers and browsers, as programs and as packages, and distributions that are made for containers."""

_CROSS = "as|cc|c[+][+]|clang|clang[+][+]|cpp|g[+][+]|gcc|gccgo|gdc|gfortran|ld|ld[.](bfd|gold|lld|mold)|tcc"
_PLAIN = (
    "bcc|c[89]9|cargo|crystal|dmd|dotnet|f77|f95|fasm|flang|fpc|ghc|gmake|go|hipcc|ic[cx]|icp[cx]|ifx|javac|kotlinc"
    "|ldc2|ll[cdi]|make|mold|nasm|nim|nvcc|ocaml(c|opt)|rustc|scalac|sdcc|swiftc|tinygo|valac|yasm|zig"
)
COMPILERS = f"(([a-z0-9_]+-)*({_CROSS})|{_PLAIN})(-?[0-9][0-9.]*)?"
COMPILER_PACKAGES = (
    "(cargo|clang|cpp|fpc|g[+][+]|gcc|gcc-c[+][+]|gccgo|gfortran|ghc|go|golang|lld|llvm|rust|rustc|tinygo)-?[0-9.]*"
    "|base-devel|binutils|build-(base|essential)|(default|openjdk-[0-9]+)-jdk(-headless)?|dotnet[0-9]*-sdk(-[0-9.]+)?"
    "|gcc-toolset-.*|golang-(go|bin)|make|musl-(dev|tools)"
)
BROWSERS = (
    "brave(-browser)?|chrome|chromium(-browser)?|dillo|elinks|epiphany|falkon|firefox(-esr)?|google-chrome(-stable)?"
    "|konqueror|links2?|lynx|microsoft-edge(-stable)?|midori|msedge|netsurf|opera|qutebrowser|vivaldi|w3m"
)
BROWSER_PACKAGES = f"{BROWSERS}|chromium-headless(-shell)?|epiphany-browser|(opera|vivaldi)-stable"
"""Extended regular expressions, for grep and for Python."""

UBUNTU_MINIMAL = "Ubuntu Minimal"
MINIMAL = {
    "RHEL CoreOS": ("rhcos", "rhel coreos"),
    "Bottlerocket": ("bottlerocket",),
    "Alpine": ("alpine",),
    "Container-Optimized OS": ("cos",),
    "Fedora CoreOS": ("fedora coreos",),
    "Flatcar": ("flatcar",),
    "MicroOS": ("opensuse-microos",),
    "Photon": ("photon",),
    "SUSE Linux Micro": ("sl-micro",),
    "SUSE Linux Enterprise Micro": ("sle-micro",),
    "Talos": ("talos",),
    "Ubuntu Core": ("ubuntu-core",),
}
"""Distributions that are made for containers, with their ID, or ID and VARIANT_ID."""
