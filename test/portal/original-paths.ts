// Original paths as proxies report them: which of them an embedded session may open.

/** Embedded pages in every reading. */
export const EMBEDDED = [
  '/embed',
  '/embed/',
  '/embed/patients/7/prescriptions',
  '/embed?next=/dashboard',
  '/embed/a?b=../../dashboard&c=%2e%2e%2f#d',
  '/embed/caf%C3%A9/a%20b',
  '/embed/a?q={"b":[1|2]}&c=<%>^`',
];

/** Other pages, and what some server could take for another page. */
export const ELSEWHERE = [
  '/',
  '/dashboard',
  '/embedded',
  '/embed-other/x',
  '/Embed/x',
  '/EMBED',
  '/%65mbed/x',
  '/dashboard/embed/x',
  '/dashboard?x=/embed/',
  '/dashboard#/embed/',
  '/embed/../dashboard',
  '/embed/../embed/../dashboard',
  '/embed/./../dashboard',
  '/embed//../dashboard',
  '/embed/..',
  '/embed/%2e%2e/dashboard',
  '/embed/.%2E/dashboard',
  '/embed/%2e./dashboard',
  '/embed/..%2fdashboard',
  '/embed/%2e%2e%2fdashboard',
  '/embed%2f..%2fdashboard',
  '/embed/..%5cdashboard',
  '/embed/%252e%252e/dashboard',
  '/embed/%25252e%25252e/dashboard',
  '/embed/%252e%252e%252fdashboard',
  '/embed/..;/dashboard',
  '/embed/..;a=b/dashboard',
  '/embed/%c0%ae%c0%ae/dashboard',
  '/embed/%uff0e%uff0e/dashboard',
  '/embed/%ef%bc%8e%ef%bc%8e/dashboard',
  '/embed/%00/../dashboard',
  '/embed%00/dashboard',
  '/embed/%0d%0a/x',
  '/embed/..%00/dashboard',
  '/embed/%',
  '//embed/x',
  '///embed/x',
  '/./embed/x',
  '/dashboard/../embed/x',
];

/** Such too, that cannot stand in a request line, but in a header. */
export const IN_HEADERS_ONLY = [
  '',
  'embed/x',
  'https://portal.example/embed/x',
  '/embed/..\\dashboard',
  '/embed\\..\\dashboard',
  '/\\embed/x',
  '/embed /../dashboard',
  '/embed/x, /dashboard',
  '/embed/x, /embed/y',
  '/embed\t/x',
];
