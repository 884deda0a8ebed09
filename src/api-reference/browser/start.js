// Starts Swagger UI in the page of ../page.ts, for reading only. Whoever can type a secret into a page will do it one day with
// a real one: there is no console and no form to authorize with, and what those forms would have said stands here as text.

/** A plugin: https://github.com/swagger-api/swagger-ui/blob/master/docs/customization/plugin-api.md */
function forReading({ React, specSelectors, getComponent }) {
  const element = React.createElement;
  const nothing = () => null;
  const code = (text) => element('code', null, text);
  const paragraph = (...children) => element('p', null, ...children);
  const joined = (parts, between) => parts.flatMap((part, index) => (index === 0 ? [part] : [between, part]));

  /** A member of the document; undefined if there is none. */
  function member(...path) {
    const value = specSelectors.specJson().getIn(path);
    return value?.toJS === undefined ? value : value.toJS();
  }

  /** What is sent for a scheme of `securitySchemes`. */
  function credential(name) {
    const { type, in: place, name: parameter } = member('components', 'securitySchemes', name) ?? {};
    return type === 'apiKey' ? [`${place} `, code(parameter)] : ['bearer token ', code(name)];
  }

  function requirement(schemes) {
    const needed = Object.entries(schemes).map(([name, scopes]) =>
      scopes.length === 0
        ? credential(name)
        : [...credential(name), ' with the scope ', ...joined(scopes.map(code), ', ')],
    );
    return needed.length === 0 ? paragraph('nothing') : paragraph(...joined(needed, ' and ').flat());
  }

  function serversOf(path) {
    return member('paths', path, 'servers') ?? member('servers') ?? [];
  }

  function Requirements({ operation, pathMethod: [path, method] }) {
    const addresses = serversOf(path).map(({ url }) => paragraph(code(`${method.toUpperCase()} ${url}${path}`)));
    const security = operation.get('security')?.toJS() ?? member('security') ?? [];
    const alternatives = security.length === 0 ? [requirement({})] : joined(security.map(requirement), paragraph('or'));
    return element(
      'dl',
      { className: 'requirements' },
      element('dt', null, 'Address'),
      element('dd', null, ...addresses),
      element('dt', null, 'Authentication'),
      element('dd', null, ...alternatives),
    );
  }

  function explained(term, description) {
    const Markdown = getComponent('Markdown', true);
    return [element('dt', null, ...term), element('dd', null, element(Markdown, { source: description ?? '' }))];
  }

  function section(heading, entries) {
    return element('section', null, element('h2', null, heading), element('dl', null, ...entries.flat()));
  }

  function Servers() {
    const all = Object.keys(member('paths')).flatMap(serversOf);
    const by_url = new Map(all.map(({ url, description }) => [url, description]));
    return section(
      'Servers',
      Array.from(by_url, ([url, description]) => explained([code(url)], description)),
    );
  }

  function Credentials() {
    const schemes = Object.entries(member('components', 'securitySchemes') ?? {});
    return section(
      'Credentials',
      schemes.map(([name, { description }]) => explained(credential(name), description)),
    );
  }

  /** Gives a name to the control in a component, where it has none of its own. */
  const named = (selector, name) => (Component) => (props) => {
    const nameIt = (node) => {
      const control = node?.querySelector(selector);
      if (control?.matches('select') || control?.textContent === '') control.setAttribute('aria-label', name);
    };
    return element('div', { className: 'named', ref: nameIt }, element(Component, props));
  };

  return {
    components: {
      ServersContainer: Servers,
      AuthorizeBtnContainer: Credentials,
      authorizeOperationBtn: nothing,
      authorizationPopup: nothing,
      JsonSchemaForm: nothing,
      // It is a link inside the button that opens an operation. The address bar follows that button as well.
      DeepLink: ({ text }) => element('span', null, text),
    },
    wrapComponents: {
      ExamplesSelect: named('select', 'Example'),
      JSONSchema202012Accordion: named('button', 'Schema'),
      parameters: (Parameters) => (props) =>
        element(React.Fragment, null, element(Requirements, props), element(Parameters, props)),
    },
  };
}

const dark = matchMedia('(prefers-color-scheme: dark)');
const followScheme = () => document.documentElement.classList.toggle('dark-mode', dark.matches);
dark.addEventListener('change', followScheme);
followScheme();

globalThis.SwaggerUIBundle({
  url: 'openapi.yaml',
  dom_id: '#api-reference',
  plugins: [forReading],
  supportedSubmitMethods: [],
  validatorUrl: null,
  deepLinking: true,
  docExpansion: 'list',
  defaultModelsExpandDepth: 0,
  showCommonExtensions: true,
  // The one before it has too little contrast.
  syntaxHighlight: { theme: 'tomorrow-night' },
});
