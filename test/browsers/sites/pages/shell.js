// The portal's embedded page: a shell that holds nothing of anybody until the kit has signed it in.

// oxlint-disable-next-line import/no-absolute-path -- an address of this site
import { connect } from '/kit/handoff-portal.js';

const place = (id) => document.querySelector(`#${id}`);

async function show() {
  const answer = await handoff.fetch('/embed/api/me');
  if (!answer.ok) return;
  const { user_id, session } = await answer.json();
  document.body.dataset.session = session;
  place('who').textContent = user_id;
}

function forget() {
  place('who').textContent = '';
  delete document.body.dataset.session;
}

const handoff = connect({
  onSignedIn: () => void show(),
  onExpired() {
    forget();
    handoff.showExpiredNotice(place('notice'));
  },
  onError({ problem }) {
    forget();
    document.body.dataset.problem = problem;
  },
  onSubjectChanged() {
    forget();
    void show();
  },
});

place('save').addEventListener('click', async () => {
  const answer = await handoff.fetch('/embed/api/me').catch(({ problem }) => ({ status: problem }));
  place('saved').textContent = answer.ok ? `saved by ${(await answer.json()).user_id}` : `not saved: ${answer.status}`;
});
place('sign-out').addEventListener('click', () => void handoff.signOut());
place('next').addEventListener('click', () => {
  history.pushState(undefined, '', '?page=2');
  place('page').textContent = '2';
  handoff.navigated('/embed/second');
});
addEventListener('popstate', () => {
  place('page').textContent = new URLSearchParams(location.search).get('page') ?? '1';
});
