// Values that must never be followed, under the fault that has to name them and grouped by the trick they play. They are
// judged with the prefix `/` allowed, so that nothing but that fault stands in the way; not_allowed_prefix alone is judged
// with /dashboard and /embed. The tricks are those known from open redirects, path traversal and header injection.

import type { RedirectPathFault } from '../../src/handoff/redirect-path.ts';

// Entries without white space, several to a line; String.raw keeps backslashes as they are.
export const list = (text: string): readonly string[] => text.trim().split(/\s+/);
// The same for entries with white space or characters best not seen raw, which are written as in JSON.
export const escapedList = (text: string): readonly string[] => list(text).map((entry) => JSON.parse(`"${entry}"`));

const firstCharacters = Array.from({ length: 0xa0 }, (_, code) => String.fromCharCode(code));
const controlCharacters = firstCharacters.filter((character) => /\p{Cc}/u.test(character));
const hiddenEscapes = ['2f', '2e', '5c', '00', '0a', '41', '25', '61uth', 'zz', ''];
const primitives = [null, 0, 1, Number.NaN, 10n, true, false, Symbol('/dashboard')];
const emptyObjects = [[], {}, Object.create(null), new Proxy({}, {}), new Date(0)];
const pathLikeObjects = [['/dashboard'], Object('/dashboard'), { toString: () => '/dashboard' }, () => '/dashboard'];

export const hostilePaths: Record<RedirectPathFault, readonly unknown[]> = {
  missing: [undefined],
  // Other types, some of which turn into a path when used as text.
  wrong_type: [...primitives, ...emptyObjects, ...pathLikeObjects],
  empty: [''],
  too_long: [
    // Longer than 2,048 characters, whatever else is wrong.
    ...['/', '/dashboard/..', '%25', '\\', 'é', ' ', '\0', '//', 'a'].map((piece) => piece.repeat(2_049)),
    ...['/dashboard?', '/dashboard#', '/dashboard;', '//evil.test/', '%'].map((start) => start.padEnd(2_049, '25')),
  ],
  not_absolute: [
    // Absolute URLs and schemes that run code or leave the web.
    ...list(String.raw`
      https://evil.test https://evil.test/dashboard http://evil.test HTTPS://EVIL.TEST hTTps:evil.test
      https:/evil.test https:evil.test https:\\evil.test https:/\evil.test https:///evil.test http:dashboard
      ws://evil.test wss://evil.test https://portal.example.test/dashboard
      https://portal.example.test@evil.test/dashboard https://portal.example.test.evil.test
      https://portal.example.test:443@evil.test https://evil.test#portal.example.test
      https://evil.test?portal.example.test https://user:password@portal.example.test/dashboard
      https://[::1]/dashboard https://127.0.0.1 https://2130706433 javascript:alert(1) JavaScript:alert(1)
      javascript://portal.example.test/%0aalert(1) java%0ascript:alert(1) data:text/html,x
      data:text/html;base64,PHNjcmlwdD4= vbscript:msgbox(1) file:///etc/passwd file:/etc/passwd ftp://evil.test
      mailto:a@evil.test tel:000 blob:https://portal.example.test/x about:blank view-source:https://evil.test
      filesystem:https://evil.test intent://evil.test#Intent;end portal-app://open steam://x urn:uuid:1 :/dashboard`),
    // Relative references and other beginnings that are not a slash.
    ...list(String.raw`
      dashboard dashboard/patients ./dashboard ../dashboard ../../auth . .. ... ?redirect=/dashboard #/dashboard
      ?/dashboard ;/dashboard @evil.test .evil.test evil.test evil.test/dashboard www.evil.test ~/dashboard * & =
      %2fdashboard %2Fdashboard %2f%2fevil.test %5cevil.test %5c%5cevil.test %252f%252fevil.test %09/evil.test
      %20/dashboard %00/dashboard \/evil.test \\evil.test \evil.test \dashboard <script> "/dashboard" '/dashboard'
      null undefined [object/Object] -/dashboard`),
    ...escapedList(String.raw`
      \u0020/dashboard \t/dashboard \n/dashboard \r\n//evil.test \u0000/dashboard \u00a0/dashboard \ufeff/dashboard
      \u200b/dashboard \u3000//evil.test ／dashboard ⁄dashboard ∕∕evil.test 。evil.test`),
  ],
  network_path: [
    // Network-path references: the host follows the second slash, or what the parser takes for one.
    ...list(String.raw`
      // //evil.test //evil.test/ //evil.test/dashboard ///evil.test ////evil.test /////evil.test
      //evil.test:443/dashboard //evil.test%2fdashboard //portal.example.test/dashboard
      //portal.example.test@evil.test/dashboard //dashboard //embed/x //user:password@evil.test //[::1]/ //127.0.0.1
      //2130706433 //0x7f000001 //evil.test?/dashboard //evil.test#/dashboard //evil.test/%2e%2e
      //evil.test\dashboard //%65vil.test //evil%E3%80%82test //xn--vil-bma.test //.evil.test //.. //../dashboard
      //./dashboard //;@evil.test //?x //#x //%09/evil.test //%2fevil.test //\evil.test ///\evil.test /\evil.test
      /\/evil.test /\\evil.test /\\\evil.test /\/\/evil.test /\dashboard /\@evil.test /\%09/evil.test /\.evil.test
      /\ /\? /\# /\portal.example.test /\/portal.example.test@evil.test //https:evil.test //https://evil.test
      //javascript:alert(1)`),
    ...escapedList(String.raw`
      //evil。test //\u0020evil.test //\tevil.test /\\\u0020evil.test //\u200bevil.test //evil.test\r\nSet-Cookie:a=b`),
  ],
  backslash: [
    // A backslash further on: a separator to browsers and Windows, an ordinary character to others.
    ...list(String.raw`
      /dashboard\ /dashboard\.. /dashboard\..\auth /dashboard/..\auth /dashboard\../auth /dashboard/\evil.test
      /dashboard/..\..\ /dashboard\\evil.test /dashboard\@evil.test /dashboard/a\b /dashboard?next=\evil.test
      /dashboard?next=\\evil.test /dashboard?next=/\evil.test /dashboard?q=a\b /dashboard#\evil.test
      /dashboard#/\evil.test /embed\..\dashboard /embed/x\ /auth\sso /.\evil.test /..\evil.test /;\evil.test
      /%2f\evil.test /%5c\evil.test /dashboard?a=%5c&b=\ /dashboard\u002f.. /dashboard\x2e\x2e /dashboard\t
      /dashboard\r\nX:y /dashboard\n /dashboard/%2e%2e\auth`),
  ],
  control_character: [
    // Every control character inside the path.
    ...controlCharacters.map((control) => `/dashboard/a${control}b`),
    // Control characters that hide a host, end the header line or cut the string, in path, query and fragment.
    ...escapedList(String.raw`
      /\t/evil.test /\n/evil.test /\r/evil.test /\r\n/evil.test /\t\t//evil.test /\u0000/evil.test /\u000b/evil.test
      /\u000c/evil.test /\u0085/evil.test /.\t./auth /dashboard/.\n./auth /dashboard/\t../auth /dashboard/..\r/auth
      /dashboard\u0000.html /dashboard\u0000/../auth /dashboard\t /dashboard\n
      /dashboard\r\nLocation:\u0020https://evil.test /dashboard\r\nSet-Cookie:\u0020a=b /dashboard\n\n<html>
      /dashboard\r\r\n\n /dashboard?a=\r\nSet-Cookie:\u0020a=b /dashboard?a=\n /dashboard?\t /dashboard?a=\u0000
      /dashboard#\r\nX:\u0020y /dashboard#\u0000 /dashboard#\u001b[2J /dashboard?a=\u007f /dashboard?a=\u009b31m
      /a\tuth /au\nth/sso /dash\rboard /emb\ted/x`),
  ],
  space: [
    // A raw space ends the URL for some readers of a header and is trimmed or encoded by others.
    ...escapedList(String.raw`
      /\u0020 /\u0020/evil.test /\u0020//evil.test /dashboard\u0020 /dashboard\u0020/.. /dashboard/..\u0020/auth
      /dashboard/\u0020.. /dashboard/.\u0020./ /dashboard/Jane\u0020Doe /dashboard?name=Jane\u0020Doe
      /dashboard?a=\u0020 /dashboard#\u0020 /dashboard#a\u0020b /dashboard\u0020HTTP/1.1
      /dashboard\u0020;\u0020url=//x /auth\u0020 /auth\u0020/sso /\u0020auth /embed\u0020/x /dashboard,\u0020/auth
      /dashboard\u0020%0d%0a /dashboard\u0020\u0020`),
  ],
  non_ascii: [
    // Characters beyond ASCII: changed on the way, looking like slash or dot, or folded to them by a server.
    ...escapedList(String.raw`
      /dashboard/José /dashboard/山田 /dashboard/😀 /dashboard?name=José /dashboard#José /dashboard\u00a0
      /dashboard\u00ad /／evil.test /＼evil.test /∕evil.test /⁄evil.test /⧸evil.test /╱evil.test /dashboard／..／auth
      /dashboard/．．/auth /dashboard/‥/auth /dashboard/\u2024\u2024/auth /dashboard/。。/auth /dashboard/﹒﹒/
      /dashboard/..∕auth /℀uth /ａｕｔｈ /aut\u04bb /\u0430uth /au\u200bth /\u200b/evil.test /\u2028/evil.test
      /\u2029/evil.test /\u3000/evil.test /\ufeff/evil.test /dashboard\u202egnp.exe /dashboard\u2066
      /dashboard/嘊嘍Set-Cookie:a=b /dashboard/čĊX:y /dashboard/\ud800 /dashboard/\udc00 /dashboard/\udc00\ud800
      /dashboard/\ufffd /dashboard/\uffff /dashboard?a=\ud83d /dashboard#\u200d /dashboard/％2e％2e /dashboard？a
      /dashboard＃a`),
  ],
  invalid_percent_escape: [
    // A percent sign without two hexadecimal digits, which every decoder treats in its own way.
    ...list(`
      /% /%% /%2 /%g0 /%0g /%zz /%-1 /%+1 /%.2 /%2/ /%2. /%2%65 /%%32e /%%32%65 /%2%66 /%x2e /%0x2e
      /%u002e%u002e/auth /%u002f /%u2215evil.test /%uff0e%uff0e/ /%U002E /dashboard/% /dashboard/100% /dashboard/%2
      /dashboard/%%%% /dashboard/%/.. /dashboard/%?a=1 /dashboard/%2?f /dashboard/%2#e /dashboard/%%2e
      /dashboard/%25% /dashboard/%c /dashboard/%c0%a /dashboard?q=% /dashboard?q=%2 /dashboard?q=50%&b=1
      /dashboard?q=%zz /dashboard?q=%u0041 /dashboard#% /dashboard#%2 /dashboard#%gg /dashboard/%EF%BC%8
      /dashboard/%2E%`),
  ],
  invalid_utf8_escape: [
    // Bytes that are not UTF-8: overlong dots, slashes and NUL, surrogates, lone and missing continuation bytes.
    ...list(`
      /dashboard/%c0%ae%c0%ae/auth /dashboard/%C0%AE%C0%AE/auth /dashboard/%c0%ae. /dashboard/%c0%af..%c0%afauth
      /%c0%afevil.test /dashboard/%e0%80%ae%e0%80%ae/ /dashboard/%e0%80%af /dashboard/%f0%80%80%ae
      /dashboard/%f0%80%80%af /dashboard/%f8%80%80%80%ae /dashboard/%fc%80%80%80%80%af /dashboard/%c0%80
      /dashboard/%c1%9c /dashboard/%c1%1c /dashboard/%c0%2e /dashboard/%c0%5c /dashboard/%c0%2f /dashboard/%e0%40%ae
      /dashboard/%ed%a0%80 /dashboard/%ed%bf%bf /dashboard/%f4%90%80%80 /dashboard/%f7%bf%bf%bf /dashboard/%80
      /dashboard/%bf /dashboard/%ff /dashboard/%fe%ff /dashboard/%ff%fe /dashboard/%c3 /dashboard/%c3/%a9
      /dashboard/%c3a9 /dashboard/%e2%82 /dashboard/%f0%9f%98 /dashboard/%a9%c3 /dashboard/Jos%e9
      /dashboard/%e9%2e%2e /%ae%ae/auth /dashboard/%c3%c3 /dashboard/%25c0%25ae%25c0%25ae /dashboard/%25c0%25af
      /dashboard/%25e9 /dashboard/%2525c0%2525ae /dashboard/%25ff /dashboard/%25c3%a9`),
  ],
  encoded_separator: [
    // A slash or backslash as an escape: one segment to some servers, two to others.
    ...list(`
      /%2f /%2F /%2fevil.test /%2f%2fevil.test /%5c /%5C /%5cevil.test /%5c%5cevil.test /%2f%5cevil.test
      /%5c/evil.test /%2f/evil.test /dashboard%2f /dashboard%2F.. /dashboard%2f..%2fauth /dashboard%5c..%5cauth
      /dashboard/..%2fauth /dashboard/..%5cauth /dashboard/%2e%2e%2fauth /dashboard/%2e%2e%5cauth
      /dashboard/%2E%2E%2Fauth /dashboard/.%2e%2fauth /dashboard/..%2f..%2f..%2fetc /dashboard/a%2fb
      /dashboard/a%2Fb /dashboard/a%5cb /dashboard/a%5Cb /dashboard/a%2f /dashboard/a%5c?x=1 /dashboard/a%2f#x
      /dashboard/https:%2f%2fevil.test /dashboard/%2f%2fevil.test /embed%2fpatients /embed/patients%2f1
      /embed/..%2fdashboard /auth%2fsso /v1%2ftoken /.well-known%2fjwks.json /dashboard;x=%2f /dashboard/..;%2fauth
      /dashboard/%2f..%3b/ /dashboard/%3f%2f /dashboard/%23%2f`),
    // A slash or backslash under several layers of encoding.
    ...list(`
      /%252f /%252F /%252fevil.test /%252f%252fevil.test /%255c /%255C /%255cevil.test /%25%32%66evil.test
      /%25%32%46 /%25%35%63 /%25%35c /%252%66 /%25%32f /%25252f /%25255c /%25252fevil.test /%2525252f /%2525255c
      /dashboard/..%252fauth /dashboard/..%255cauth /dashboard/%252e%252e%252fauth /dashboard/%252e%252e%255cauth
      /dashboard/%25252e%25252e%25252fauth /dashboard/a%252fb /dashboard/%25%2532%2566 /dashboard/%252f%252e%252e
      /dashboard/%25252f.. /dashboard%252f..%252fauth /embed/%252fevil.test /dashboard/%252f%cc%87auth
      /dashboard/..%252f%cc%87 /dashboard/%255c%cc%87 /dashboard/100%25%32%66`),
    // Characters that compatibility folding turns into a slash or backslash.
    ...list(`
      /%ef%bc%8f /%ef%bc%8fevil.test /%EF%BC%8Fevil.test /%ef%bc%bcevil.test /%ef%b9%a8evil.test
      /dashboard%ef%bc%8f..%ef%bc%8fauth /dashboard/..%ef%bc%8fauth /dashboard/..%ef%bc%bcauth
      /dashboard/%ef%bc%8e%ef%bc%8e%ef%bc%8fauth /dashboard/%25ef%25bc%258f /%e2%84%80uth /dashboard/%e2%84%85
      /dashboard/%e2%84%86 /dashboard/%e2%84%81 /embed%ef%bc%8fpatients`),
  ],
  encoded_control_character: [
    // Every control character as an escape.
    ...controlCharacters.map((control) => `/dashboard/a${encodeURIComponent(control)}b`),
    // Encoded control characters that end a header line or cut a file name, also under more layers.
    ...list(`
      /%00 /%0a /%0d /%0D%0A /%09 /%09/evil.test /%0a/evil.test /%0d/evil.test /%0d%0a/evil.test /%7f /%1b[2J
      /%c2%85/evil.test /%08/evil.test /dashboard%00 /dashboard%00.html /dashboard/%00/x
      /dashboard%0d%0aSet-Cookie:a=b /dashboard%0aLocation:https://evil.test /dashboard%0D%0A%0D%0A /dashboard/x%0a
      /dashboard/..%00/auth /dashboard/..%09/ /dashboard/.%00./auth /dashboard/..%0a /dashboard/%0b.. /%2500 /%250a
      /%250d%250a /%2509/evil.test /%25250a /dashboard/%2500 /dashboard%250d%250aX:y /dashboard/%25%30%30
      /dashboard/%25%30a /dashboard/%2525250d /dashboard;%0a /dashboard/%3f%0a /auth%00 /auth%0a/sso /embed%00/x
      /dashboard/%257f /dashboard/%25c2%2585`),
  ],
  dot_segment: [
    // Dot segments in plain sight, in every place.
    ...list(`
      /. /.. /./ /../ /./dashboard /../dashboard /dashboard/. /dashboard/.. /dashboard/./ /dashboard/../
      /dashboard/../auth /dashboard/./x /dashboard/../../auth /dashboard/../../../etc/passwd
      /dashboard/patients/../../auth/sso /dashboard/x/.. /dashboard/x/../y /dashboard//../auth /dashboard/..//auth
      /dashboard/..//evil.test /dashboard/.//evil.test /.//evil.test /..//evil.test /./.. /.././.. /dashboard/..?x=1
      /dashboard/..#x /dashboard/../?x /dashboard/.?x /dashboard/.#x /embed/.. /embed/../dashboard /embed/./x
      /auth/.. /embed/../auth/sso /dashboard/../v1/token /dashboard/../.well-known/jwks.json /x/../auth /.../../auth
      /dashboard/a/./b/../c`),
    // Dot segments with one or both dots as escapes, in either case and under several layers.
    ...list(`
      /%2e /%2E /%2e%2e /%2E%2E /%2e%2E /%2e. /.%2e /.%2E /%2E. /%2e/ /%2e%2e/ /dashboard/%2e /dashboard/%2e/x
      /dashboard/%2e%2e /dashboard/%2e%2e/auth /dashboard/%2E%2E/auth /dashboard/%2e%2E/auth /dashboard/.%2e/auth
      /dashboard/.%2E/auth /dashboard/%2e./auth /dashboard/%2E./auth /dashboard/%2e%2e/%2e%2e/auth
      /dashboard/%2e%2e?x /dashboard/%2e%2e#x /dashboard/%2e//evil.test /embed/%2e%2e/dashboard /%252e /%252e%252e
      /%252E%252E /dashboard/%252e%252e/auth /dashboard/.%252e/auth /dashboard/%252e./auth /dashboard/%2e%252e/auth
      /dashboard/%25%32%65%25%32%65/auth /dashboard/%25%32e. /dashboard/%252%65. /dashboard/%25%2532%2565.
      /dashboard/%25252e%25252e/auth /dashboard/.%25252E/auth /dashboard/%2525252e. /dashboard/%2525252e%2525252e/
      /dashboard/%252e%252e?x /embed/%252e%252e/dashboard`),
    // Dot segments dressed up with path parameters, an encoded ? or #, or spaces that a server strips.
    ...list(`
      /..; /..;/ /.; /.;/ /..;x /..;/auth /..;x=y/auth /.;x/auth /dashboard/..; /dashboard/..;/auth
      /dashboard/..;x=1/auth /dashboard/.;/x /dashboard/..;;/auth /dashboard/..;a;b/auth /dashboard/..;?x
      /dashboard/..;#x /dashboard/x/..;/..;/auth /embed/..;/dashboard /dashboard/%2e%2e;/auth /dashboard/.%2e;x/auth
      /dashboard/%2e;/x /dashboard/..%3b/auth /dashboard/..%3B/auth /dashboard/..%3bx/auth /dashboard/%2e%2e%3b/auth
      /dashboard/%252e%252e;/auth /dashboard/..%253b/auth /dashboard/%252e%252e%253b/auth /dashboard/..%25253bx
      /dashboard/..%3f /dashboard/..%3fx /dashboard/..%3F/auth /dashboard/..%23 /dashboard/..%23x /dashboard/..%253f
      /dashboard/..%2523x /dashboard/.%3f /dashboard/.%23 /dashboard/..%20/auth /dashboard/%20../auth
      /dashboard/.%20/x /dashboard/..%20%20 /dashboard/..%20;/auth /dashboard/..%2520/auth /dashboard/..%c2%a0/auth
      /dashboard/..%e3%80%80/ /dashboard/..%cd%be/auth /dashboard/..%ef%bc%9b/auth`),
    // Characters that compatibility folding turns into dots.
    ...list(`
      /dashboard/%ef%bc%8e%ef%bc%8e/auth /dashboard/%EF%BC%8E%EF%BC%8E/auth /dashboard/%ef%bc%8e/x
      /dashboard/.%ef%bc%8e/auth /dashboard/%e2%80%a5/auth /dashboard/%e2%80%a4%e2%80%a4/auth
      /dashboard/%e2%80%a4./auth /dashboard/%ef%b9%92%ef%b9%92/auth /dashboard/%ef%b8%b0/auth
      /dashboard/%25ef%25bc%258e./auth /dashboard/%ef%bc%8e%ef%bc%8e;/auth /%e2%80%a5 /%ef%bc%8e`),
  ],
  nested_percent_encoding: [
    // Encoding nested so deep that nothing can be said about what it hides.
    ...hiddenEscapes.map((hidden) => `/dashboard/%${'25'.repeat(4)}${hidden}`),
    ...hiddenEscapes.map((hidden) => `/dashboard/%${'25'.repeat(1_000)}${hidden}`),
  ],
  changed_by_url_parser: [
    // Characters the WHATWG URL parser rewrites in a path, so that the browser asks for other bytes.
    ...list(String.raw`
      /dashboard/" /dashboard/< /dashboard/> /dashboard/^ /dashboard/{ /dashboard/} /dashboard/<script> /dashboard/{id}
      /dashboard/{{7*7}} /dashboard/$%7bx} /dashboard/"onload="x" /dashboard/<img/src=x> /dashboard/<!-- /dashboard/%22"
      /" /< /> /^ /{ /} /"> /a"b /<a/b> /a^b /{a}/b /embed/patients/{id}/prescriptions /dashboard/"?x /dashboard/<#x`),
    '/`',
    '/dashboard/`id`',
  ],
  leaves_portal: [], // no value gets this far: `/x` always stays, so only the rules can be at fault
  not_allowed_prefix: [
    // Allowed prefixes met inside a word, in another case, encoded, or not at the start.
    ...list(`
      / /? /# /x /dashboards /dashboard2 /dashboard-x /dashboard_ /dashboard. /dashboard.evil.test /dashboard..
      /dashboard@evil.test /dashboard:80 /dashboard;x=1 /dashboard; /dashboard%20 /dashboard%3f /dashboard%23
      /dashboard%2e /dashboard+ /dashboard& /dashboard, /Dashboard /DASHBOARD /dashboarD/x /dash%62oard /%64ashboard
      /%64%61%73%68board/x /dashboar /dashboar/d /xdashboard /x/dashboard /?/dashboard /#/dashboard
      /?redirect=/dashboard /embedded /embeds /embed-x /embed.js /embed;x /Embed /EMBED/x /%65mbed/x /emb /e
      /x//dashboard /javascript:alert(1) /https:evil.test /https://evil.test /@evil.test /.evil.test /:80
      /;/evil.test /admin /api /settings /logout /static/x.js`),
  ],
  own_path: [
    // The service's own paths, in the looser spellings routers and proxies accept.
    ...list(`
      /auth /auth/ /auth/sso /auth?x=1 /auth#x /auth/?x /auth/sso?token=x&redirect=%2Fdashboard /auth/sign-out /AUTH
      /Auth/Sso /aUTH /AUTH?x /%61uth /%61%75%74%68 /a%75th/sso /%41UTH /%41%55%54%48/sso /auth//sso /auth///sso
      /%2561uth /%25%36%31uth /%252561uth/sso /a%2575th /auth;x=1 /auth;/sso /auth;x/sso /auth%3bx /auth%3b/sso
      /auth%3fx /auth%3Fx=1 /auth%23x /auth%253fx /auth%20 /%20auth /auth%20/sso /auth%2520 /;x/auth /;/auth/sso
      /%20/auth /%3b/auth /%3f/auth /%ef%bd%81uth /%ef%bc%a1uth /%ef%bd%81%ef%bd%95%ef%bd%94%ef%bd%88/sso
      /auth%ef%bc%9bx /v1 /v1/ /V1 /v1/sso /v1/token /V1/Token /v%31/sso /%76%31 /%56%31/x /v1//sso /v1;x /v1?x
      /v1#x /v1%3f /%ef%bd%961 /v%ef%bc%91/sso /v%c2%b9/sso /.well-known /.well-known/ /.Well-Known/jwks.json
      /.WELL-KNOWN/x /%2ewell-known/jwks.json /.well%2dknown/x /.well-known//x /.well-known;x/y /%252ewell-known/x
      /%e2%80%a4well-known/x /errors /errors/ /errors/invalid-request /ERRORS/x /error%73/x /error%c5%bf /%65rrors?x
      /errors//x`),
  ],
};
