// @ts-check
// Says when the session ends, in the reader's own time, and says so again when that time has come. It does not ask: asking is
// use, and would keep a session alive that nobody uses.

const end = document.querySelector('[data-session-end]');
const notice = document.querySelector('[data-session-over]');

if (end instanceof HTMLTimeElement && notice instanceof HTMLElement) {
  const moment = Date.parse(end.dateTime);
  end.textContent = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' }).format(moment);
  setTimeout(() => {
    notice.hidden = false;
  }, moment - Date.now());
}
