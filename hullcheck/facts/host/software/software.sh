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
  printf "%s\n" "$packages" | grep -Ex "(gcc|g\+\+|cpp|gfortran|clang|rustc|gccgo|ghc|gnat|gdc|ldc|llvm|tinygo)-?[0-9.]*|gcc-c\+\+\
|(gcc|g\+\+)-[a-z0-9_-]+-linux-(gnu|musl)[a-z0-9_]*|gcc-toolset-[0-9]+(-(gcc|binutils).*)?|devtoolset-[0-9]+.*|[a-z0-9_-]+-linux-(gnu|musl)[a-z0-9_]*-(gcc|g\+\+).*|zig\
|dotnet[0-9]*-sdk(-[0-9.]+)?|dotnet-sdk(-[0-9.]+)?|fpc(-[0-9.]+)?|fp-compiler.*|nim|crystal|swiftlang|musl-(dev|tools)\
|build-essential|base-devel|build-base|make|make-guile|tcc|nasm|binutils|golang|golang-(go|bin|[0-9.]+-go)\
|nvidia-cuda-toolkit|cuda-nvcc.*|gcc-mingw.*|go|go1\.[0-9]+|rust|rust[0-9.]+|cargo[0-9.]*|yasm|fasm|lld(-[0-9.]+)?|mold|ocaml(-nox)?|(default|openjdk-[0-9]+)-jdk(-headless)?|java-[0-9.]+-openjdk-devel" |
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

seen=""
path=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/snap/bin
for folder in /opt/rh/*/root/usr/bin /opt/*/bin /usr/local/*/bin /usr/lib/go*/bin /usr/lib/llvm*/bin /usr/lib/jvm/*/bin \
  /usr/lib64/ccache /usr/lib/ccache /root/.cargo/bin /home/*/.cargo/bin /root/go/bin /usr/share/dotnet /usr/lib/dotnet \
  /nix/var/nix/profiles/default/bin /home/linuxbrew/.linuxbrew/bin /home/*/.local/bin; do
  [ ! -d "$folder" ] || path=$path:$folder
done
IFS=:
for folder in $path; do
  cd -P "$folder" 2>/dev/null || continue
  case "$seen:" in *":$PWD:"*) continue ;; esac
  seen=$seen:$PWD
  [ -r . ] || printf "unread:%s\n" "$PWD"
  IFS=" "
  for name in as bcc c++ c89 c99 cargo cc clang cpp *g++ *gcc gccgo* gfortran ghc gmake go javac ld lld \
    make nasm nvcc icx rustc tcc zig dotnet csc mcs fpc gnatmake gdc ldc2 dmd nim crystal swiftc kotlinc valac yasm mold ocamlopt ghc-[0-9]* *gcc-[0-9]* *g++-[0-9]* cpp-[0-9]* clang-[0-9]* gfortran-[0-9]* \
    rustc-[0-9]* *-linux-*-ld *-linux-*-as; do
    [ ! -f "$name" ] || [ ! -x "$name" ] || printf "compiler:%s/%s\n" "$PWD" "$name"
  done
  for name in brave-browser browsh cha chrome chromium chromium-browser chromium-headless-shell dillo edbrowse elinks epiphany \
    falkon firefox firefox-esr google-chrome google-chrome-stable konqueror links links2 lynx netrik \
    microsoft-edge microsoft-edge-stable midori netsurf opera qutebrowser vivaldi w3m www-browser x-www-browser; do
    if [ ! -f "$name" ] || [ ! -x "$name" ]; then continue; fi
    case $name in
      *www-browser) readlink -f "$name" | sed "s/^/browser:/" ;; # the one to which alternatives lead
      *) printf "browser:%s/%s\n" "$PWD" "$name" ;;
    esac
  done
  IFS=:
done
# Others, by what they say of themselves.
grep -ls "^Categories=.*WebBrowser" /usr/share/applications/*.desktop /var/lib/flatpak/exports/share/applications/*.desktop |
  sed "s/^/browser:/"
exit 0
