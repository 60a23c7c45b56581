[ -d /run/systemd/system ] || exit 0
systemctl show --property=Id,ActiveState,UnitFileState @UNITS@
