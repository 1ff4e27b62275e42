"""Small sites as their generators have them, each with an archive that must never go out."""

from collections.abc import Mapping
from pathlib import Path

Files = Mapping[str, str]
OLD = 100  # posts of an archive


def lay(root: Path, files: Files) -> Path:
    """Write the files of a site."""
    for path, text in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return root


def archive(path: str, text: str, number: int = OLD) -> Files:
    """Posts of the past: `{n}`, `{year}` and `{day}` are filled in."""
    days = [{"n": n, "year": 2015 + n % 10, "day": f"{1 + n % 28:02d}"} for n in range(number)]
    return {
        path.format(**d): text.replace("<n>", str(d["n"])).replace("<date>", f"{d['year']}-03-{d['day']}") for d in days
    }


HUGO = {
    "hugo.toml": "baseURL = 'https://verne.example/'\nlanguageCode = 'en-gb'\ntitle = 'The journal'\ntimeZone = 'Europe/Paris'\n",
    "archetypes/default.md": "+++\ndate = '{{ .Date }}'\ndraft = true\ntitle = '{{ .File.ContentBaseName }}'\n+++\n",
    "content/about.md": "---\ntitle: About\n---\nWho we are.\n",
    "content/posts/_index.md": "---\ntitle: Posts\n---\n",
    **archive("content/posts/old-{n}.md", "---\ntitle: Old <n>\ndate: <date>\ndraft: false\ntags: [rail]\nimages: [nowhere.jpg]\n---\nText.\n"),
    "content/posts/odd.md": '{\n  "title": "JSON front matter"\n}\nText about channels.\n',
    "content/posts/broken.md": "---\ntitle: [\n---\nText.\n",
}  # fmt: skip
HUGO_BUNDLES = {
    "config.yaml": "baseURL: https://verne.example/journal/\ntheme: plain\npermalinks:\n  blog: /:year/:month/:slug/\n",
    **archive(
        "content/blog/trip-{n}/index.md", "+++\ntitle = 'Trip <n>'\ndate = <date>\n[params]\nx = 1\n+++\nText.\n"
    ),
}
HUGO_LANGUAGES = {
    "config/_default/hugo.toml": "baseURL = 'https://verne.example/'\ndefaultContentLanguage = 'fr'\n",
    "config/_default/languages.toml": "[fr]\ncontentDir = 'content/fr'\nweight = 1\n[en]\ncontentDir = 'content/en'\nweight = 2\n",
    **archive("content/fr/posts/vieux-{n}.md", "---\ntitle: Vieux <n>\ndate: <date>\n---\nTexte.\n", 6),
    **archive("content/en/posts/old-{n}.md", "---\ntitle: Old <n>\ndate: <date>\n---\nText.\n", 4),
}
HUGO_SUFFIXES = {
    "hugo.yaml": "baseURL: https://verne.example/\nlanguages:\n  en: {weight: 1}\n  fr: {weight: 2, baseURL: 'https://verne.example/fr-site/'}\n",
    **archive("content/posts/old-{n}.md", "---\ntitle: Old <n>\ndate: <date>\n---\nText.\n", 4),
    **archive("content/posts/old-{n}.fr.md", "---\ntitle: Vieux <n>\ndate: <date>\n---\nTexte.\n", 4),
}
JEKYLL = {
    "_config.yml": "title: The journal\nurl: https://verne.example\nbaseurl: /blog\ntimezone: Europe/Paris\nlang: en\n",
    **archive("_posts/{year}-03-{day}-old-{n}.md", "---\nlayout: post\ntitle: 'Old <n>: a trip'\ncategories: trips Rail\nimage: https://cdn.example/x.jpg\n---\nText.\n"),
    "_posts/2019-05-05-no-front-matter.md": "Only text.\n",
}  # fmt: skip
JEKYLL_PRETTY = {
    "_config.yml": "url: https://verne.example\npermalink: pretty\ncollections_dir: writing\nmarkdown: kramdown\n",
    **archive("writing/_posts/{year}-03-{day}-old-{n}.markdown", "---\ntitle: Old <n>\ndate: <date> 10:00:00 +0100\npublished: true\n---\nText.\n", 5),
}  # fmt: skip
JEKYLL_CATEGORIES = {
    "_config.yml": "url: https://verne.example\ndefaults:\n  - scope: {path: '', type: posts}\n    values: {permalink: '/:categories/:title/'}\n",
    **archive("trips/_posts/{year}-03-{day}-old-{n}.md", "---\ntitle: Old <n>\n---\nText.\n", 5),
}  # fmt: skip
ZOLA = {
    "config.toml": 'base_url = "https://verne.example"\ntitle = "The journal"\ndefault_language = "en"\n[languages.fr]\n',
    "content/_index.md": "+++\ntitle = 'Home'\n+++\n",
    "content/blog/_index.md": "+++\nsort_by = 'date'\n+++\n",
    **archive("content/blog/old-{n}.md", "+++\ntitle = 'Old <n>'\ndescription = 'D'\ndate = <date>\ntemplate = 'blog.html'\n[taxonomies]\ntags = ['rail']\n[extra]\nhero = 'x.png'\n+++\nText.\n"),
}  # fmt: skip
ASTRO = {
    "astro.config.mjs": "import { defineConfig } from 'astro/config';\n// site: 'https://wrong.example'\nexport default defineConfig({ site: 'https://verne.example', base: '/journal', trailingSlash: 'never' });\n",
    "src/content.config.ts": "const blog = defineCollection({ loader: glob({ base: './src/content/blog', pattern: '**/*.{md,mdx}' }) });\n",
    "src/pages/blog/[...slug].astro": "---\nconst posts = await getCollection('blog');\n---\n<p></p>\n",
    **archive("src/content/blog/old-{n}.md", "---\ntitle: 'Old <n>'\ndescription: 'D'\npubDate: <date>\nheroImage: '../../assets/x.jpg'\n---\nText.\n"),
    "src/content/blog/using-mdx.mdx": "---\ntitle: MDX\n---\nimport X from './x'\n",
}  # fmt: skip
ASTRO_PAGES = {
    "astro.config.ts": "export default {\n  site: `https://verne.example`,\n};\n",
    **archive("src/pages/posts/old-{n}.md", "---\nlayout: ../../layouts/Post.astro\ntitle: Old <n>\npubDate: <date>\nauthor: Ada\n---\nText.\n", 5),
}  # fmt: skip
SITES = {
    "hugo": HUGO,
    "hugo-bundles": HUGO_BUNDLES,
    "hugo-languages": HUGO_LANGUAGES,
    "hugo-suffixes": HUGO_SUFFIXES,
    "jekyll": JEKYLL,
    "jekyll-pretty": JEKYLL_PRETTY,
    "jekyll-categories": JEKYLL_CATEGORIES,
    "zola": ZOLA,
    "astro": ASTRO,
    "astro-pages": ASTRO_PAGES,
}
