// The reader's own time zone on every time, and new posts without a jump. The page is whole without this.
const local = new Intl.DateTimeFormat(undefined, {day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", timeZoneName: "short"});
const dated = (root) => root.querySelectorAll("time").forEach((time) => {
  time.title = time.dateTime;
  time.textContent = local.format(new Date(time.dateTime));
});
dated(document);

// Words that the network folds away, until somebody presses for them.
document.addEventListener("click", (event) => {
  if (!event.target.matches(".unfold")) return;
  const behind = event.target.previousElementSibling;
  behind.hidden = false;
  event.target.remove();
});

const fresh = document.querySelector(".fresh");
let waiting = null;
const show = () => {
  const page = document.querySelector(".page");
  if (!waiting) return;
  dated(waiting);
  page.replaceWith(waiting);
  const tabs = waiting.tabs;
  if (tabs) document.querySelector(".top").replaceWith(tabs);
  waiting = null;
  fresh.hidden = true;
};
fresh.addEventListener("click", () => { show(); scrollTo({top: 0}); document.querySelector("#feed").focus?.(); });
setInterval(async () => {
  if (document.hidden) return;
  try {
    const answer = await fetch(location.href, {cache: "no-store"});
    if (!answer.ok) return;
    const there = new DOMParser().parseFromString(await answer.text(), "text/html");
    const next = there.querySelector(".page");
    if (next.dataset.stamp === document.querySelector(".page").dataset.stamp) return;
    waiting = document.importNode(next, true);
    waiting.tabs = document.importNode(there.querySelector(".top"), true);
    const reading = scrollY > 80 || document.querySelector(".page").contains(document.activeElement);
    if (reading) fresh.hidden = false; else show();
  } catch { /* the sandbox is being restarted */ }
}, 3000);
