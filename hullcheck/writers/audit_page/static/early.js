// Before the pages are read: those that nobody asked for are hidden, as to lay them out takes longer than to read them.
document.documentElement.classList.add('js');
// A browser that cannot run the script below them shows all of them, one below the other.
addEventListener('error', () => { document.documentElement.classList.remove('js'); });
