/* Reading a CSV file: its first line, its cells, the lines of one product. */
#include "config.h"

#include <string.h>

#include "fcgi/base/json.h"
#include "fcgi/base/text.h"
#include "handlers/catalog/import_inside.h"

enum { HEAD = 8192, WINDOW = 1 << 20 /* bytes looked at in one run */ };

bool import_has(const struct csv_row *row, const char *column)
{
	int at = shape_find(&csv_row_shape, column, strlen(column));

	return at >= 0 && (row->given >> at & 1);
}

void import_add_fault(struct ctx *c, struct import_group *g, int line,
                      const char *field, const char *message)
{
	if (g->n_faults == IMPORT_GROUP_MAX)
		return;
	if (!g->faults)
		g->faults = arena_new_array(c->arena, struct import_fault,
		                            IMPORT_GROUP_MAX);
	g->faults[g->n_faults++] = (struct import_fault){ .line = line,
		                                          .field = field,
		                                          .message = message };
}

static bool is_object(struct ctx *c, const char *column, const char *text)
{
	json_t *j = NULL;

	if (!text ||
	    (!json_read(c, text, strlen(text), &j) && json_is_object(j)))
		return true;
	fail_clear(c);
	return fail_field(c, column, "type",
	                  "A JSON object like {\"Colour\": \"Red\"}.") == RC_OK;
}

/* One line's cells into a row; false with faults in g. */
static bool read_cells(struct ctx *c, const struct import *m,
                       struct import_group *g, const struct csv_cell *cells,
                       size_t n, struct csv_row *row)
{
	bool ok = true;

	*row = (struct csv_row){
		.line = row->line,
		.price = MONEY_NONE,
		.compare_at_price = MONEY_NONE,
		.sale_price = MONEY_NONE,
		.weight_g = INT_NONE,
		.low_stock_threshold = INT_NONE,
		.lat = REAL_NONE,
		.lng = REAL_NONE,
	};
	for (size_t i = 0; i < n && i < m->n_columns; i++) {
		const struct field *f = &csv_row_shape.fields[m->columns[i]];

		if (!cells[i].n)
			continue;
		if (!shape_set_text(c, f, f->name, cells[i].s, cells[i].n, row))
			ok = false;
		else
			row->given |= UINT64_C(1) << m->columns[i];
	}
	for (size_t i = m->n_columns; i < n; i++)
		if (cells[i].n)
			ok = fail_field(c, "", "too_many",
			                "There are more cells than columns.") ==
			     RC_OK;
	if (ok)
		ok = is_object(c, "options", row->options) &&
		     is_object(c, "attributes", row->attributes);
	if (!row->product && ok)
		ok = fail_field(c, "product", "required",
		                "Which product is it?") == RC_OK;
	if (!row->sku && ok)
		ok = fail_field(c, "sku", "required", "A SKU is needed.") ==
		     RC_OK;
	for (const struct field_fault *x = c->err.fields; x; x = x->next)
		import_add_fault(c, g, row->line, x->path, x->text);
	fail_clear(c);
	return ok;
}

static int column_of(const struct csv_cell *cell)
{
	const char *s = cell->s + strspn(cell->s, " ");
	size_t n = strlen(s);

	while (n && s[n - 1] == ' ')
		n--;
	int at = shape_find(&csv_row_shape, s, n);
	return at >= 0 && !(csv_row_shape.fields[at].flags & PRIVATE) ? at : -1;
}

static bool is_named(const struct import *m, const char *column)
{
	for (size_t i = 0; i < m->n_columns; i++)
		if (!strcmp(csv_row_shape.fields[m->columns[i]].name, column))
			return true;
	return false;
}

static enum rc bad_header(struct ctx *c, const char *why, const char *column)
{
	return fail(c, RC_BAD_REQUEST, "bad_header",
	            "The first line names the columns; %s: \"%s\".", why,
	            text_cut(c->arena, column, 60));
}

/* The names of the columns. */
static enum rc read_header(struct ctx *c, struct import *m,
                           const struct csv_cell *cells, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int at = column_of(&cells[i]);

		if (at < 0)
			return bad_header(c, "not known", cells[i].s);
		if (is_named(m, csv_row_shape.fields[at].name))
			return bad_header(c, "there twice", cells[i].s);
		m->columns[m->n_columns++] = at;
	}
	for (const struct field *f = csv_row_shape.fields; f->name; f++)
		if ((f->flags & REQUIRED) && !is_named(m, f->name))
			return bad_header(c, "missing", f->name);
	return RC_OK;
}

/* The cell of the product column, before the line is read as a whole. */
static const char *product_of(const struct import *m,
                              const struct csv_cell *cells, size_t n)
{
	for (size_t i = 0; i < n && i < m->n_columns; i++)
		if (strcmp(csv_row_shape.fields[m->columns[i]].name,
		           "product") == 0)
			return cells[i].s;
	return "";
}

void import_read_group(struct ctx *c, struct import *m, struct import_group *g)
{
	struct csv_cell cells[IMPORT_COLUMNS_MAX];
	const char *product = NULL;
	bool ok = true;

	*g = (struct import_group){ .n = 0 };
	while (g->n < IMPORT_GROUP_MAX) {
		struct csv before = m->csv;
		size_t n =
			csv_read(&m->csv, c->arena, cells, IMPORT_COLUMNS_MAX);

		if (!n) {
			/* It may go on in the next window. */
			if (!m->is_last) {
				m->csv.is_bad = false;
				g->n = 0;
			}
			break;
		}
		const char *name = product_of(m, cells, n);
		if (product && strcmp(product, name) != 0) {
			m->csv = before;
			break;
		}
		product = name;
		m->rows[g->n].line = before.line;
		ok &= read_cells(c, m, g, cells, n, &m->rows[g->n]);
		g->n++;
	}
	g->end = m->offset + (int64_t)m->csv.at;
	g->is_read = ok;
	g->rows = arena_dup(c->arena, m->rows, g->n * sizeof(*m->rows));
	g->key = ok && g->n ? text_slug(c->arena, g->rows[0].product) : NULL;
}

/* UTF-16, as spreadsheets save it, with its mark or without. */
static bool is_wide(const struct blob *head)
{
	const unsigned char *p = (const unsigned char *)head->p;

	return head->n > 1 &&
	       (!p[0] || !p[1] || (p[0] == 0xff && p[1] == 0xfe) ||
	        (p[0] == 0xfe && p[1] == 0xff));
}

enum rc import_open(struct ctx *c, struct import *m)
{
	struct csv_cell cells[IMPORT_COLUMNS_MAX];
	struct blob head, bytes;
	enum rc rc = imports_db_bytes(c, m->row.id, 0, HEAD, &head);

	if (rc)
		return rc;
	struct csv first = { .s = head.p, .n = head.n, .line = 1 };
	if (is_wide(&head))
		return fail(c, RC_BAD_REQUEST, "not_utf_8",
		            "The file is not in UTF-8: save it as CSV in "
		            "UTF-8.");
	size_t n = csv_read(&first, c->arena, cells, IMPORT_COLUMNS_MAX);
	rc = n ? read_header(c, m, cells, n) : bad_header(c, "none", "");
	if (rc)
		return rc;
	m->rows = arena_new_array(c->arena, struct csv_row, IMPORT_GROUP_MAX);
	m->offset = m->row.at_byte ? m->row.at_byte : (int64_t)first.at;
	rc = imports_db_bytes(c, m->row.id, m->offset, WINDOW, &bytes);
	m->csv = (struct csv){ .s = bytes.p,
		               .n = bytes.n,
		               /* Lines before this window hold one row
		                * each, as far as faults are concerned. */
		               .line = (int)m->row.n_done + first.line };
	m->is_last = m->offset + (int64_t)bytes.n >= m->row.n_bytes;
	return rc;
}
