packages="" source=""
if [ -e /var/lib/dpkg/status ]; then
  source=dpkg
  packages=$(grep -e "^Package: " -e "^Status: " /var/lib/dpkg/status |
    sed -n "N;s/^Package: \(.*\)\nStatus: .* installed$/\1/p") || exit
elif command -v rpm >/dev/null; then
  source=rpm
  packages=$(rpm --query --all --queryformat "%{NAME}\n") || exit
elif [ -e /lib/apk/db/installed ]; then
  source=apk
  packages=$(sed -n "s/^P://p" /lib/apk/db/installed) || exit
fi
if [ -n "$source" ]; then
  echo "source:$source $(printf "%s\n" "$packages" | grep -c .)"
  # Not gcc-14-base, which every Debian has and which holds a licence.
  printf "%s\n" "$packages" | grep -Ex "(cargo|clang|cpp|fpc|g\+\+|gcc|gccgo|gdc|gfortran|ghc|gnat|go|ldc|lld|llvm|rust|rustc|tinygo)-?[0-9.]*\
|base-devel|binutils|build-base|build-essential|(default|openjdk-[0-9]+)-jdk(-headless)?|devtoolset-[0-9]+.*|dotnet[0-9]*-sdk(-[0-9.]+)?\
|fp-compiler.*|gcc-c\+\+|gcc-toolset-[0-9]+(-(gcc|binutils).*)?|golang(-go|-bin|-[0-9.]+-go)?|make(-guile)?|musl-(dev|tools)|swiftlang" |
    sed "s/^/compiler:package /"
  printf "%s\n" "$packages" | grep -Ex "brave-browser|chromium(-browser|-headless-shell|-headless)?\
|elinks|epiphany-browser|firefox(-esr)?|google-chrome-(stable|beta|unstable)|links2?|lynx\
|microsoft-edge-stable|netsurf(-[a-z]+)?|opera-stable|vivaldi-stable|w3m" |
    sed "s/^/browser:package /"
  printf "%s\n" "$packages" | grep -x ubuntu-standard | sed "s/^/package:/"
fi
for file in /usr/local/sbin/unminimize /usr/bin/unminimize /etc/dpkg/dpkg.cfg.d/excludes; do
  [ ! -e $file ] || echo "mark:$file"
done

path="$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/snap/bin:/opt/*:/opt/*/*:/opt/*/*/bin:/opt/intel/*/*/*/bin"
path="$path:/opt/rh/*/root/usr/bin:/usr/local/*:/usr/local/*/bin:/usr/lib/go*/bin:/usr/lib/llvm*/bin:/usr/lib/jvm/*/bin"
path="$path:/usr/lib64/ccache:/usr/lib/ccache:/usr/share/dotnet:/usr/lib/dotnet:/nix/var/nix/profiles/default/bin"
for home in /root /home/*; do
  for folder in .cargo .ghcup .linuxbrew .local .nix-profile ".rustup/toolchains/*" go miniconda3 "sdk/*"; do
    path=$path:$home/$folder/bin
  done
done
exec 3>&1
files=$(
  IFS=: seen=""
  for folder in $path; do # each pattern as the directories that it fits
    cd -P "$folder" 2>/dev/null || continue
    case "$seen:" in *":$PWD:"*) continue ;; esac
    seen=$seen:$PWD
    case $PWD in *bin) [ -r . ] || printf "unread:%s\n" "$PWD" >&3 ;; esac
    printf "%s\n" "$PWD"/*
  done
)
tell() { # KIND NAMES
  printf "%s\n" "$files" | grep -E "/($2)$" | while IFS= read -r file; do
    if [ ! -f "$file" ] || [ ! -x "$file" ]; then continue; fi
    case $file in
      *www-browser) readlink -f "$file" | sed "s/^/browser:/" ;; # the one to which alternatives lead
      *) printf "%s:%s\n" "$1" "$file" ;;
    esac
  done
}
tell compiler "([a-z0-9_-]*(gcc|g[+][+])|([a-z0-9_]+-)*(as|cc|c[+][+]|clang([+][+])?|cpp|gccgo|gdc|gfortran|gm2|gnatmake|tcc\
|ld([.](bfd|gold|lld|mold))?)|bcc|c[89]9|cargo|crystal|csc|dmd|dotnet|ecj|f77|f95|fasm|flang|fpc|ghc|gmake|go|hipcc|ic[cx]|icp[cx]\
|ifort|ifx|javac|kotlinc|ldc2|ll[cdi]|make|mcs|mold|nasm|nim|nvcc|nvc([+][+])?|nvfortran|ocaml(c|opt)|pcc|rustc|scalac|sdcc\
|swiftc|tinygo|valac|yasm|zig)(-?[0-9][0-9.]*)?"
tell browser "brave(-browser)?|browsh|cha|chrome|chromium(-browser|-headless-shell)?|dillo|edbrowse|elinks|epiphany|falkon\
|firefox(-esr)?|google-chrome(-stable)?|konqueror|links2?|lynx|netrik|microsoft-edge(-stable)?|midori|msedge|netsurf|opera\
|qutebrowser|vivaldi|w3m|(x-)?www-browser"
# Others, by what they say of themselves.
grep -ls "^Categories=.*WebBrowser" /usr/share/applications/*.desktop /var/lib/flatpak/exports/share/applications/*.desktop |
  sed "s/^/browser:/"
exit 0
