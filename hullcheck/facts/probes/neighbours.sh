docker plugin ls --format "plugin:{{.Enabled}} {{.Name}}" || echo "unread:the plugins of the engine"
exit 0
